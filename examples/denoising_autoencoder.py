"""Autoencoders that learn more than to copy: one repairs damaged digits, one ignores small changes.

The idea: an autoencoder maps an image to hidden features and back, here with the same weights both ways. To
keep it from copying pixels,
- the denoising autoencoder sees images of which a part of the pixels is erased, by a random stream within the
  compiled function, and must give back the whole ones;
- the contractive autoencoder pays for the squares of the Jacobian of its features by the pixels. With sigmoid
  units h, the Jacobian is J[i, j] = W[i, j] h[j] (1 - h[j]), whose squares add up to a product of two sums.

Methods: Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with denoising
autoencoders", 2008; Rifai, Vincent, Muller, Glorot and Bengio, "Contractive auto-encoders: explicit
invariance during feature extraction", 2011.
Data: the 1,797 digits of 8x8 pixels that scikit-learn ships, a quarter of them held out.

Prints, for both: the loss of the first and the last epoch, the size of the Jacobian, and how well digits held
out, with 40 % of their pixels erased, are recognised by their nearest neighbour before and after the repair.
Measured on two cores, 300 epochs of 68 minibatches each:
- plain: the damage leaves an accuracy of 0.733, the repair makes it 0.747; Jacobian 83; 0.7 seconds;
- denoising: 0.733 becomes 0.844; Jacobian 37; 0.9 seconds;
- contractive: 0.733 becomes 0.720 (it learned nothing of damage); Jacobian 23; 0.9 seconds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

import croton as ct
import croton.tensor as T
from croton.tensor.shared_randomstreams import RandomStreams

Array = np.ndarray[Any, Any]


def load() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(images in [0, 1] of 64 pixels, labels), to learn from and held out."""
    x, y = load_digits(return_X_y=True)
    images = (x / 16).astype("float32")
    x, test_x, y, test_y = train_test_split(images, y, test_size=0.25, random_state=0, stratify=y)
    return (x, y), (test_x, test_y)


class Autoencoder:
    """Sigmoid features of the pixels, and pixels from the features, with tied weights."""

    def __init__(self, pixels: int, features: int, seed: int = 0) -> None:
        bound = 4 * np.sqrt(6 / (pixels + features))
        initial = np.random.default_rng(seed).uniform(-bound, bound, (pixels, features))
        self.weights = ct.shared(initial.astype("float32"), name="weights")
        self.feature_biases = ct.shared(np.zeros(features, "float32"), name="feature_biases")
        self.pixel_biases = ct.shared(np.zeros(pixels, "float32"), name="pixel_biases")
        self.parameters = [self.weights, self.feature_biases, self.pixel_biases]
        self.random = RandomStreams(seed)

    def features(self, x: Any) -> Any:
        """(images, features) of the images x."""
        return T.nnet.sigmoid(T.dot(x, self.weights) + self.feature_biases)

    def repaired(self, x: Any) -> Any:
        """What the network makes of the images x."""
        return T.nnet.sigmoid(T.dot(self.features(x), self.weights.T) + self.pixel_biases)

    def damaged(self, x: Any, erased: float) -> Any:
        """The images with a part of their pixels set to 0; other ones in each call of a function."""
        return x * self.random.binomial(size=x.shape, n=1, p=1 - erased, dtype="float32")

    def jacobian_size(self, x: Any) -> Any:
        """The sum of squares of the derivatives of the features by the pixels, per image."""
        h = self.features(x)
        return T.dot((h * (1 - h)) ** 2, (self.weights**2).sum(axis=0))

    def loss(self, x: Any, z: Any) -> Any:
        """The cross-entropy of the pixels x, taken as probabilities, and z; per image."""
        return -(x * T.log(z) + (1 - x) * T.log(1 - z)).sum(axis=1)


@dataclass
class Report:
    """What training came to."""

    before: float = 0.0  # the accuracy on damaged images held out
    after: float = 0.0  # and on the repaired ones
    jacobian_size: float = 0.0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)  # of each epoch


def train(
    erased: float = 0.0,
    contraction: float = 0.0,
    epochs: int = 300,
    batch: int = 20,
    features: int = 100,
    rate: float = 0.3,
) -> Report:
    """Trains with a part of the pixels erased, and a weight on the size of the Jacobian."""
    (images, labels), (test_images, test_labels) = load()
    model = Autoencoder(images.shape[1], features)
    x, index = T.fmatrix("x"), T.lscalar("index")
    bad = model.damaged(x, 0.4)
    repair = ct.function([x], [bad, model.repaired(bad), model.jacobian_size(x).mean()])

    seen = model.damaged(x, erased) if erased else x
    loss = model.loss(x, model.repaired(seen)).mean()
    cost = loss + contraction * model.jacobian_size(x).mean() if contraction else loss
    gradients = ct.grad(cost, model.parameters)
    data = ct.shared(images, name="data")
    train_batch = ct.function(
        [index],
        loss,
        updates=[(p, p - rate * g) for p, g in zip(model.parameters, gradients, strict=True)],
        givens={x: data[index * batch : (index + 1) * batch]},
    )

    report = Report()
    start = time.perf_counter()
    for _ in range(epochs):
        report.losses.append(float(np.mean([train_batch(i) for i in range(-(-len(images) // batch))])))
    report.seconds = time.perf_counter() - start
    damaged, repaired, size = repair(test_images)
    neighbours = KNeighborsClassifier(1).fit(images, labels)
    report.before = float(neighbours.score(damaged, test_labels))
    report.after = float(neighbours.score(repaired, test_labels))
    report.jacobian_size = float(size)
    return report


def main() -> None:
    for name, options in (
        ("plain", {}),
        ("denoising", {"erased": 0.4}),
        ("contractive", {"contraction": 0.03}),
    ):
        report = train(**options)
        print(f"{name:>11}: loss {report.losses[0]:.2f} to {report.losses[-1]:.2f},", end=" ")
        print(
            f"Jacobian {report.jacobian_size:.2f}, accuracy {report.before:.4f} to {report.after:.4f},",
            end=" ",
        )
        print(f"{len(report.losses)} epochs in {report.seconds:.3f} s")


if __name__ == "__main__":
    main()
