"""The trainer: compiled steps, what they may cost, and what happens when something is wrong."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import croton as ct
import keras_croton
from croton.toolchain import compilations
from keras_croton.step import CompiledStep


def data(rows: int = 64, width: int = 6, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width)).astype("float32")
    return x, x.sum(1, keepdims=True)


def dense_model(**options) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse", **options)
    return model


def compiled_steps(model: keras.Model) -> int:
    """How often the training step was traced: each trace is compiled."""
    model.make_train_function()
    return model.train_function.step.traces


class TestCompilation:
    def test_compiled_and_eager_training_agree(self):
        x, y = data()
        losses = [
            dense_model(run_eagerly=eagerly)
            .fit(x, y, batch_size=16, epochs=3, verbose=0, shuffle=False)
            .history["loss"]
            for eagerly in (False, True)
        ]
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
        assert losses[0][-1] < losses[0][0]

    def test_any_batch_size_runs_what_was_compiled_first(self):
        x, y = data(100)
        model = dense_model()
        model.fit(x, y, batch_size=32, verbose=0)  # the last batch is short
        before = compilations()
        model.fit(x[:70], y[:70], batch_size=17, verbose=0)
        model.train_on_batch(x[:1], y[:1])
        assert compilations() == before
        assert compiled_steps(model) == 1

    def test_changing_sequence_lengths_run_what_was_compiled_first(self):
        model = keras.Sequential([keras.Input((None, 3)), layers.Conv1D(4, 2), layers.GlobalMaxPooling1D()])
        model.compile("sgd", "mse")
        rng = np.random.default_rng(0)
        for length in (5, 9, 2):
            x = rng.normal(size=(4, length, 3)).astype("float32")
            model.train_on_batch(x, np.zeros((4, 4), "float32"))
        assert compiled_steps(model) == 1

    @pytest.mark.parametrize("metric", [keras.metrics.AUC, lambda: keras.metrics.PrecisionAtRecall(0.5)])
    def test_metrics_that_compare_numbers_of_rows_run_what_was_compiled_first(self, metric):
        x, y = data(70)
        labels = (y > 0).astype("int32")
        model = dense_model(metrics=[metric()])
        model.fit(x, labels, batch_size=16, verbose=0)
        assert compiled_steps(model) == 1

    def test_parts_of_a_batch_may_differ_in_their_numbers_of_rows(self):
        class TwoParts(Own):
            def train_step(self, data):
                labelled, unlabelled = data
                return {"rows": keras.ops.shape(labelled)[0] * 10.0 + keras.ops.shape(unlabelled)[0]}

        model = TwoParts()
        model.compile()
        for rows in ((4, 4), (4, 3), (2, 5), (3, 3)):
            found = model.train_on_batch(
                *(np.zeros((count, 2), "float32") for count in rows), return_dict=True
            )
            assert found["rows"] == rows[0] * 10 + rows[1]

    def test_weights_keep_their_place_and_change(self):
        x, y = data()
        model = dense_model()
        variable = model.trainable_weights[0]
        before = variable.numpy()
        model.fit(x, y, verbose=0)
        assert model.trainable_weights[0] is variable
        assert not np.array_equal(before, variable.numpy())

    def test_several_steps_in_one_execution(self):
        x, y = data(96)
        one = dense_model().fit(x, y, batch_size=8, verbose=0, shuffle=False).history["loss"]
        many = (
            dense_model(steps_per_execution=5)
            .fit(x, y, batch_size=8, verbose=0, shuffle=False)
            .history["loss"]
        )
        np.testing.assert_allclose(one, many, rtol=1e-6)


class Own(keras.Model):
    """A model that is a layer, with a training step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def train_step(self, data):
        x, y = data
        with ct.GradientTape() as tape:
            loss = keras.ops.mean(keras.ops.square(self.dense(x) - y))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return {"own": loss}


class TestTrainStepsOfOnesOwn:
    def test_variables_of_keras_are_sources_of_gradients(self):
        x, y = data()
        model = Own()
        model.compile(keras.optimizers.SGD(0.1))
        model.dense.build((None, 6))
        history = model.fit(x, y, epochs=4, verbose=0).history["own"]
        assert history[-1] < history[0]
        assert compiled_steps(model) == 1

    @pytest.mark.parametrize("eagerly", [False, True])
    def test_what_the_step_builds_when_it_first_runs_is_kept(self, eagerly):
        x, y = data()
        losses = []
        for built in (False, True):
            keras.utils.set_random_seed(0)
            model = Own()
            model.compile(keras.optimizers.Adam(0.1), run_eagerly=eagerly)
            if built:
                model.dense.build((None, 6))
                model.optimizer.build(model.trainable_variables)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                losses.append(model.fit(x, y, epochs=4, verbose=0, shuffle=False).history["own"])
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)

    def test_a_model_that_cannot_be_called_says_so_where_keras_calls_it(self):
        x, y = data()
        model = Own()
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, y, verbose=0)
        with pytest.raises(RuntimeError, match="does not have a `call"):
            model.evaluate(x, y, verbose=0)

    def test_a_gradient_penalty_has_gradients(self):
        class Penalised(Own):
            def train_step(self, data):
                x, _ = data
                with ct.GradientTape() as tape:
                    with ct.GradientTape() as inner:
                        inner.watch(x)
                        out = self.dense(x)
                    (gradient,) = inner.gradient(out, [x])
                    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(gradient), axis=1))
                    loss = keras.ops.mean(keras.ops.square(norm - 1.0))
                kernel, bias = self.dense.trainable_weights
                gradients = tape.gradient(loss, [kernel, bias])
                assert gradients[1] is None
                self.optimizer.apply_gradients([(gradients[0], kernel)])
                return {"own": loss}

        x, y = data()
        model = Penalised()
        model.compile(keras.optimizers.SGD(0.1))
        assert model.fit(x, y, epochs=30, verbose=0).history["own"][-1] < 1e-4
        np.testing.assert_allclose(np.linalg.norm(model.dense.kernel.numpy()), 1.0, atol=1e-2)

    def test_frozen_variables_are_not_watched_unless_asked_for(self):
        variable = keras.Variable(np.ones(3, "float32"))
        for trainable in (False, True):
            variable.trainable = trainable
            with ct.GradientTape() as tape:
                total = keras.ops.sum(variable * 2)
            assert (tape.gradient(total, variable) is not None) == trainable
        variable.trainable = False
        with ct.GradientTape() as tape:
            tape.watch(variable)
            total = keras.ops.sum(variable * 2)
        np.testing.assert_array_equal(tape.gradient(total, variable), 2 * np.ones(3))


class Batches(keras.callbacks.Callback):
    """A callback that looks at single batches."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, float]] = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, logs["loss"]))


class TestManyStepsInOneCall:
    """Where no callback looks at single batches, a call goes through many."""

    @pytest.fixture
    def calls(self, monkeypatch):
        """How many steps each call took."""
        steps = []
        original = CompiledStep.on_rows

        def on_rows(self, rows):
            before = rows.steps
            result = original(self, rows)
            steps.append(rows.steps - before)
            return result

        monkeypatch.setattr(CompiledStep, "on_rows", on_rows)
        monkeypatch.setattr("keras_croton.step.SECONDS_OF_A_CALL", 60.0)
        return steps

    @pytest.mark.parametrize("shuffle", [False, True, "batch"])
    @pytest.mark.parametrize("size", [7, 16, 64])
    def test_weights_and_logs_are_those_of_single_steps(self, calls, shuffle, size):
        x, y = data(50)
        found = []
        for callbacks in ([], [Batches()]):
            model = dense_model(metrics=["mae"])
            np.random.seed(3)
            history = model.fit(
                x, y, batch_size=size, epochs=3, verbose=0, shuffle=shuffle, callbacks=callbacks
            ).history
            found.append((model.get_weights(), history, model.evaluate(x, y, batch_size=size, verbose=0)))
        (weights, history, evaluated), (one_by_one, other_history, other_evaluated) = found
        for got, expected in zip(weights, one_by_one, strict=True):
            np.testing.assert_array_equal(got, expected)
        assert history == other_history and evaluated == other_evaluated

    def test_an_epoch_is_one_call_after_the_step_that_compiled(self, calls):
        x, y = data(64)
        model = dense_model()
        model.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False)
        assert calls == [1, 7, 8]

    def test_a_progress_bar_does_not_make_single_steps_of_it(self, calls, capsys):
        x, y = data(64)
        dense_model().fit(x, y, batch_size=8, epochs=2, verbose=1)
        assert calls == [1, 7, 8]
        assert "8/8" in capsys.readouterr().out

    def test_callbacks_that_look_at_batches_see_every_one(self, calls):
        x, y = data(64)
        watching = Batches()
        dense_model().fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[watching])
        assert [batch for batch, _ in watching.seen] == [*range(8), *range(8)]
        assert not calls

    def test_saving_at_the_ends_of_epochs_needs_no_single_steps(self, calls, tmp_path):
        saving = keras.callbacks.ModelCheckpoint(tmp_path / "at-{epoch}.keras")
        x, y = data(64)
        dense_model().fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[saving])
        assert calls == [1, 7, 8]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["at-1.keras", "at-2.keras"]

    def test_inputs_by_name_and_weights_of_samples(self, calls):
        first, second = keras.Input((3,), name="first"), keras.Input((2,), name="second")
        model = keras.Model(
            {"first": first, "second": second}, layers.Dense(1)(layers.concatenate([first, second]))
        )
        model.compile("sgd", "mse")
        rng = np.random.default_rng(0)
        x = {
            name: rng.normal(size=(20, size)).astype("float32")
            for name, size in (("first", 3), ("second", 2))
        }
        y, weight = np.ones((20, 1), "float32"), rng.random(20).astype("float32")
        losses = model.fit(x, y, sample_weight=weight, batch_size=8, epochs=5, verbose=0).history["loss"]
        assert losses[-1] < losses[0]
        assert calls[:2] == [1, 2]

    def test_stopping_early_stops(self, calls):
        x, y = data(64)
        stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=0)
        model = dense_model()
        model.fit(x, y, batch_size=8, epochs=50, verbose=0, callbacks=[stop])
        assert len(model.history.epoch) < 5

    def test_a_label_out_of_range_raises_in_the_middle_and_the_model_can_be_trained(self):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6,)), layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        x, _ = data(64)
        labels = np.arange(64) % 3
        model.fit(x, labels, batch_size=8, verbose=0)
        wrong = labels.copy()
        wrong[40] = 5
        with pytest.raises(IndexError):
            model.fit(x, wrong, batch_size=8, verbose=0, shuffle=False)
        assert np.isfinite(model.fit(x, labels, batch_size=8, verbose=0).history["loss"][0])

    def test_arrays_that_are_not_in_c_order(self, calls):
        x, y = data(64)
        losses = [
            dense_model().fit(rows, y, batch_size=8, verbose=0, shuffle=False).history["loss"]
            for rows in (x, np.asfortranarray(x))
        ]
        assert losses[0] == losses[1]


class TestWhatCannotBeTraced:
    def test_a_layer_that_needs_numbers_runs_eagerly_with_one_warning(self):
        class Needy(layers.Layer):
            def call(self, x):
                return x * 2 if float(keras.ops.sum(x)) > 0 else x

            def compute_output_spec(self, x):
                return keras.KerasTensor(x.shape, x.dtype)

        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6,)), Needy(name="needy"), layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = data(32)
        with pytest.warns(UserWarning, match="runs eagerly") as caught:
            model.fit(x, y, batch_size=8, epochs=2, verbose=0)
        own = [warning for warning in caught if "runs eagerly" in str(warning.message)]
        assert len(own) == 1
        assert "Needy.call()" in str(own[0].message)

    def test_an_error_of_the_users_is_raised_as_it_is(self):
        model = dense_model()
        x, y = data()
        with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 6"):
            model.fit(x[:, :4], y, verbose=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(x, y, verbose=0)  # and the model can still be trained, compiled
        assert compiled_steps(model) == 1

    def test_a_generator_that_fails_leaves_the_model_usable(self):
        x, y = data()

        def batches():
            yield x[:8], y[:8]
            raise RuntimeError("the disk is gone")

        model = dense_model()
        with pytest.raises(RuntimeError, match="the disk is gone"):
            model.fit(batches(), steps_per_epoch=3, verbose=0)
        assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][-1])


class TestCallbacksAndData:
    def test_callbacks_that_look_at_batches_see_each(self):
        seen = []
        callback = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda step, logs: seen.append((step, logs["loss"]))
        )
        x, y = data(40)
        dense_model().fit(x, y, batch_size=8, verbose=0, callbacks=[callback])
        assert [step for step, _ in seen] == list(range(5))
        assert all(isinstance(float(loss), float) for _, loss in seen)

    def test_validation_and_early_stopping(self):
        x, y = data()
        stop = keras.callbacks.EarlyStopping(patience=1, min_delta=10.0)
        history = (
            dense_model().fit(x, y, validation_split=0.25, epochs=20, verbose=0, callbacks=[stop]).history
        )
        assert len(history["val_loss"]) == 2

    def test_class_and_sample_weights(self):
        x, _ = data()
        labels = (x[:, :1] > 0).astype("float32")
        weighted = dense_model()
        weighted.fit(x, labels, verbose=0, class_weight={0: 1.0, 1: 3.0}, shuffle=False)
        by_sample = dense_model()
        by_sample.fit(x, labels, verbose=0, sample_weight=1 + 2 * labels[:, 0], shuffle=False)
        for first, second in zip(weighted.get_weights(), by_sample.get_weights(), strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-5)

    def test_shuffled_batches_hold_every_row_once(self):
        x = np.arange(30, dtype="float32")[:, None]
        seen = []

        class Watching(keras.Model):
            def call(self, x):
                return x

            def train_step(self, data):
                seen.append(np.asarray(data[0])[:, 0])
                return {"loss": keras.ops.sum(data[0])}

        model = Watching()
        model.compile("sgd", run_eagerly=True)
        model.fit(x, x, batch_size=7, verbose=0)
        assert sorted(np.concatenate(seen)) == list(range(30))
        assert list(np.concatenate(seen)) != list(range(30))

    @pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
    def test_no_data_are_an_error(self, method):
        x, y = data(0)
        arguments = (x,) if method == "predict" else (x, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Keras's, that the data ran out
            with pytest.raises(ValueError, match=r"batch of (the )?data.* found none"):
                getattr(dense_model(), method)(*arguments, verbose=0)

    def test_predictions_of_several_batches_are_one_array(self):
        x, _ = data(50)
        model = dense_model()
        whole = model.predict(x, batch_size=50, verbose=0)
        assert isinstance(whole, np.ndarray)
        np.testing.assert_allclose(model.predict(x, batch_size=7, verbose=0), whole, rtol=1e-4)


class TestCompilePredict:
    def test_it_gives_what_predict_gives_for_any_batch_size(self):
        model = dense_model()
        f = keras_croton.compile_predict(model)
        for rows in (1, 3, 20):
            x, _ = data(rows)
            np.testing.assert_allclose(f(x), model.predict(x, verbose=0), rtol=1e-6)

    def test_it_sees_later_training(self):
        model, (x, y) = dense_model(), data()
        f = keras_croton.compile_predict(model)
        before = f(x)
        model.fit(x, y, verbose=0)
        assert not np.allclose(before, f(x))
        np.testing.assert_allclose(f(x), model.predict(x, verbose=0), rtol=1e-6)

    def test_several_inputs_and_outputs(self):
        first, second = keras.Input((2,)), keras.Input((3,))
        joined = layers.Concatenate()([first, second])
        model = keras.Model([first, second], [layers.Dense(1)(joined), layers.Dense(2)(joined)])
        f = keras_croton.compile_predict(model)
        results = f(np.ones((4, 2), "float32"), np.ones((4, 3), "float32"))
        assert [result.shape for result in results] == [(4, 1), (4, 2)]

    def test_a_model_that_does_not_know_its_inputs_needs_an_example(self):
        class Own(keras.Model):
            def call(self, x):
                return x * 2

        model = Own(name="own")
        with pytest.raises(ValueError, match="'own' does not know the shapes of its inputs"):
            keras_croton.compile_predict(model)
        f = keras_croton.compile_predict(model, np.ones((1, 2), "float32"))
        np.testing.assert_array_equal(f(np.ones((3, 2), "float32")), np.full((3, 2), 2, "float32"))


class TestErrorsInCompiledSteps:
    def test_an_index_out_of_range_names_the_layer_and_the_users_line(self):
        model = keras.Sequential(
            [keras.Input((5,), dtype="int32"), layers.Embedding(10, 4, name="words"), layers.Flatten()]
        )
        model.compile("sgd", "mse")
        x = np.zeros((8, 5), "int32")
        before = [weight.copy() for weight in model.get_weights()]
        x[3, 2] = 12
        with pytest.raises(IndexError, match="index 12 is out of range") as caught:
            model.fit(x, np.ones((8, 20), "float32"), verbose=0)
        assert "words" in str(caught.value)
        assert "test_trainer.py" in str(caught.value)
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        model.fit(x % 10, np.ones((8, 20), "float32"), verbose=0)

    def test_a_label_out_of_range_is_an_error(self):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        with pytest.raises(IndexError, match="label 7 is out of range for 3 classes"):
            model.fit(data()[0], np.full(64, 7), verbose=0)
        assert np.isfinite(model.fit(data()[0], np.full(64, 2), verbose=0).history["loss"][0])
