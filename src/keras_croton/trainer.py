"""Training, evaluation and prediction of Keras models: each step is one compiled call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras.src import callbacks as callbacks_module
from keras.src import optimizers as optimizers_module
from keras.src import tree
from keras.src.backend import config
from keras.src.trainers import trainer as base_trainer
from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
from keras.src.utils import traceback_utils
from keras.src.utils.python_utils import pythonify_logs

from croton.frontends.tape import GradientTape
from keras_croton.callback_hooks import CallbackHooks
from keras_croton.conversion import convert_to_numpy, shape
from keras_croton.epochs import BatchIterator, Steps, run_epoch
from keras_croton.step import CompiledStep, Eagerly, as_tensors

Function = Callable[[Iterator[Any]], Any]


class CrotonTrainer(base_trainer.Trainer):  # type: ignore[misc]
    """The trainer of `keras.Model`.

    `train_step`, `test_step` and `predict_step` take a batch and work on the model's variables as they are.
    Plain code can override them, with gradients by `croton.GradientTape`; they are traced and compiled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.train_function: Function | None = None
        self.test_function: Function | None = None
        self.predict_function: Function | None = None

    # Steps.

    def train_step(self, data: Any) -> Any:
        """One step of the optimiser on a batch. Returns the metrics so far by name."""
        x, y, sample_weight = data_adapter_utils.unpack_x_y_sample_weight(data)
        weights = self.trainable_weights
        sources = [weight._value for weight in weights]
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            y_pred = self._forward(x, training=True)
            loss = self._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
            self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
            if self.optimizer is not None:
                loss = self.optimizer.scale_loss(loss)
        if weights:
            gradients = tape.gradient(loss, sources)
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> Any:
        """The loss and the metrics of a batch, added to those so far, by name."""
        x, y, sample_weight = data_adapter_utils.unpack_x_y_sample_weight(data)
        y_pred = self._forward(x, training=False)
        loss = self._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The model's outputs for a batch."""
        x, _, _ = data_adapter_utils.unpack_x_y_sample_weight(data)
        return self._forward(x, training=False)

    def _forward(self, x: Any, training: bool) -> Any:
        return self(x, training=training) if self._call_has_training_arg else self(x)

    # The functions that callers of a trainer know: from an iterator over batches to logs or outputs.

    def make_train_function(self, force: bool = False) -> None:
        """Sets `train_function`: `steps_per_execution` steps, and the metrics of the last."""
        if self.train_function is None or force:
            step = self._compiled(self.train_step, "train_step")
            self.train_function = Steps(step, self.steps_per_execution, _last)

    def make_test_function(self, force: bool = False) -> None:
        """Sets `test_function`: `steps_per_execution` steps, and the metrics of the last."""
        if self.test_function is None or force:
            step = self._compiled(self.test_step, "test_step")
            self.test_function = Steps(step, self.steps_per_execution, _last)

    def make_predict_function(self, force: bool = False) -> Function:
        """Sets `predict_function`: the outputs for `steps_per_execution` batches, one after the other."""
        if self.predict_function is None or force:
            step = self._compiled(self.predict_step, "predict_step")
            self.predict_function = Steps(step, self.steps_per_execution, _concatenated)
        return self.predict_function

    def _compiled(self, step: Callable[[Any], Any], name: str) -> CompiledStep | Eagerly:
        if self.run_eagerly:
            return Eagerly(step)
        return CompiledStep(step, f"{name} of {self.name}", _input_sizes(self))

    # Loops over data.

    @traceback_utils.filter_traceback  # type: ignore[untyped-decorator]
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains the model; see `keras.Model.fit`."""
        self._assert_compile_called("fit")
        epochs = _capped(epochs)
        self._eval_epoch_iterator: BatchIterator | None = None
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = array_slicing.train_validation_split(
                (x, y, sample_weight), validation_split=validation_split
            )
        validation = None
        if validation_data is not None:
            validation = data_adapter_utils.unpack_x_y_sample_weight(validation_data)
        epoch_iterator = BatchIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            steps_per_execution=self.steps_per_execution,
        )
        self._symbolic_build(iterator=epoch_iterator, step="train_step")
        epoch_iterator.reset()
        callbacks = self._callback_list(callbacks, verbose, epochs, epoch_iterator, add_history=True)
        self.make_train_function()
        self.stop_training = False
        training_logs: dict[str, Any] = {}
        training_finished = False
        callbacks.on_train_begin()
        try:
            for epoch in range(self._initial_epoch or initial_epoch, epochs):
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch)
                logs = run_epoch(
                    epoch_iterator, self.train_function, callbacks, "train", lambda: self.stop_training
                )
                epoch_logs = dict(pythonify_logs(self._get_metrics_result_or_logs(logs)))
                if validation is not None and self._should_eval(epoch, validation_freq):
                    if self._eval_epoch_iterator is None:
                        self._eval_epoch_iterator = BatchIterator(
                            *validation,
                            batch_size=validation_batch_size or batch_size,
                            steps_per_execution=self.steps_per_execution,
                            steps_per_epoch=validation_steps,
                            shuffle=False,
                        )
                    found = self.evaluate(
                        *validation[:2],
                        sample_weight=validation[2],
                        batch_size=validation_batch_size or batch_size,
                        steps=validation_steps,
                        callbacks=callbacks,
                        return_dict=True,
                        _use_cached_eval_dataset=True,
                    )
                    epoch_logs.update({f"val_{name}": value for name, value in found.items()})
                callbacks.on_epoch_end(epoch, epoch_logs)
                training_logs = epoch_logs
                if self.stop_training:
                    break
            training_finished = True
        finally:
            if isinstance(self.optimizer, optimizers_module.Optimizer) and epochs > 0:
                self.optimizer.finalize_variable_values(self.trainable_weights)
            self._eval_epoch_iterator = None
            if training_finished:
                callbacks.on_train_end(logs=training_logs)
        return self.history

    @traceback_utils.filter_traceback  # type: ignore[untyped-decorator]
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Loss and metrics on data; see `keras.Model.evaluate`."""
        self._assert_compile_called("evaluate")
        use_cached = kwargs.pop("_use_cached_eval_dataset", False)
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        epoch_iterator = self._eval_epoch_iterator if use_cached else None
        if epoch_iterator is None:
            epoch_iterator = BatchIterator(
                x=x,
                y=y,
                sample_weight=sample_weight,
                batch_size=batch_size,
                steps_per_epoch=steps,
                shuffle=False,
                steps_per_execution=self.steps_per_execution,
            )
        self._symbolic_build(iterator=epoch_iterator, step="test_step")
        epoch_iterator.reset()
        callbacks = self._callback_list(callbacks, verbose, 1, epoch_iterator)
        self.make_test_function()
        self.stop_evaluating = False
        callbacks.on_test_begin()
        self.reset_metrics()
        logs = run_epoch(epoch_iterator, self.test_function, callbacks, "test", lambda: self.stop_evaluating)
        logs = pythonify_logs(self._get_metrics_result_or_logs(logs))
        callbacks.on_test_end(logs)
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    @traceback_utils.filter_traceback  # type: ignore[untyped-decorator]
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for data as NumPy arrays; see `keras.Model.predict`."""
        epoch_iterator = BatchIterator(
            x=x,
            batch_size=batch_size,
            steps_per_epoch=steps,
            shuffle=False,
            steps_per_execution=self.steps_per_execution,
        )
        callbacks = self._callback_list(callbacks, verbose, 1, epoch_iterator)
        self.make_predict_function()
        self.stop_predicting = False
        callbacks.on_predict_begin()
        hooks = CallbackHooks(callbacks, "predict")
        outputs: list[Any] = []
        with epoch_iterator.catch_stop_iteration():
            for begin_step, end_step, iterator in epoch_iterator:
                hooks.begin(begin_step)
                assert self.predict_function is not None
                batch_outputs = self.predict_function(iterator)
                outputs.append(tree.map_structure(convert_to_numpy, batch_outputs))
                hooks.end(end_step, {"outputs": batch_outputs})
                if self.stop_predicting:
                    break
        callbacks.on_predict_end()
        if not outputs:
            raise ValueError("`x` of `predict()`: expected at least one batch of data, found none.")
        if len(outputs) == 1:
            return outputs[0]
        return tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)

    def _symbolic_build(self, iterator: Any = None, data_batch: Any = None, step: str = "") -> None:
        """Makes all variables by tracing with a batch, or by computing with it where tracing fails.

        step: what is about to run. If it is the model's own method and the model cannot be called on a batch,
        the variables are left to the step, which makes what it needs when it first runs.
        """
        own_step = bool(step) and getattr(type(self), step) is not getattr(CrotonTrainer, step)
        if own_step and not self._can_be_called():
            return
        if data_batch is None and not self._is_built():
            data_batch = next(next(iter(iterator))[2], None)
            if data_batch is None:
                raise ValueError(
                    "A model is built with the first batch of the data: expected one, found none."
                )
        try:
            super()._symbolic_build(data_batch=data_batch)
        except RuntimeError as error:
            try:
                self._build_eagerly(data_batch, error)
            except Exception:
                if not own_step:  # which need not call the model so, and says itself what is wrong
                    raise

    def _can_be_called(self) -> bool:
        from keras.src.models import Model

        return getattr(type(self), "call", Model.call) is not Model.call

    def _is_built(self) -> bool:
        parts = (self._compile_metrics, self._compile_loss, *self._flatten_layers())
        return all(part is None or part.built for part in parts)

    def _build_eagerly(self, data_batch: Any, reason: RuntimeError) -> None:
        x, y, sample_weight = data_adapter_utils.unpack_x_y_sample_weight(as_tensors(data_batch))
        try:
            y_pred = self._forward(x, training=False)
        except Exception:
            raise reason from None
        self._compute_loss(x, y, y_pred, sample_weight, training=False)
        self.compute_metrics(x, y, y_pred, sample_weight)
        self.reset_metrics()
        super()._symbolic_build()

    def _callback_list(
        self,
        callbacks: Any,
        verbose: Any,
        epochs: int,
        epoch_iterator: BatchIterator,
        add_history: bool = False,
    ) -> Any:
        if isinstance(callbacks, callbacks_module.CallbackList):
            return callbacks
        return callbacks_module.CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=epoch_iterator.num_batches,
            model=self,
        )

    # Single batches.

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on one batch; see `keras.Model.train_on_batch`."""
        self._assert_compile_called("train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(
                    "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. "
                    f"Received: sample_weight={sample_weight}, class_weight={class_weight}"
                )
            sample_weight = data_adapter_utils.class_weight_to_sample_weights(y, class_weight)
        data = _plain_batch(x, y, sample_weight)
        self._symbolic_build(data_batch=data, step="train_step")
        self.make_train_function()
        self.reset_metrics()
        assert self.train_function is not None
        return self._shown(self.train_function(iter([data])), return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch; see `keras.Model.test_on_batch`."""
        self._assert_compile_called("test_on_batch")
        data = _plain_batch(x, y, sample_weight)
        self._symbolic_build(data_batch=data, step="test_step")
        self.make_test_function()
        self.reset_metrics()
        assert self.test_function is not None
        return self._shown(self.test_function(iter([data])), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch as NumPy arrays; see `keras.Model.predict_on_batch`."""
        function = self.predict_function or self.make_predict_function()
        outputs = function(iter([(x,)]))
        return tree.map_structure(convert_to_numpy, outputs)

    def _shown(self, logs: Any, return_dict: bool) -> Any:
        logs = pythonify_logs(logs)
        return logs if return_dict else self._flatten_metrics_in_order(logs)


def _last(results: list[Any]) -> Any:
    return results[-1]


def _concatenated(results: list[Any]) -> Any:
    if len(results) == 1:
        return results[0]
    return tree.map_structure(
        lambda *parts: np.concatenate([convert_to_numpy(part) for part in parts]), *results
    )


def _capped(epochs: int) -> int:
    most = config.max_epochs()
    if most and most < epochs:
        warnings.warn(f"Limiting epochs to {most}", stacklevel=3)
        return int(most)
    return epochs


def _batch_size(x: Any) -> Any:
    return shape(next(leaf for leaf in tree.flatten(x) if leaf is not None))[0]


def _plain_batch(x: Any, y: Any, sample_weight: Any) -> Any:
    """A batch given by hand as adapters give it, with arrays as leaves: a list of numbers is one array."""

    def convert(leaf: Any) -> Any:
        return leaf if leaf is None or hasattr(leaf, "shape") else np.asarray(leaf)

    parts = (tree.map_structure(convert, part) for part in (x, y, sample_weight))
    return data_adapter_utils.pack_x_y_sample_weight(*parts)


def _input_sizes(model: Any) -> list[tuple[int | None, ...]]:
    """The shapes of the model's inputs, where they are known, None for what may differ between batches."""
    try:
        inputs = tree.flatten(model.inputs)
    except (AttributeError, ValueError):
        return []
    return [tuple(tensor.shape) for tensor in inputs or ()]
