"""Images: against loops over pixels and SciPy, in both layouts, compiled for unknown sizes as eagerly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.ndimage

import croton as ct
import croton.tensor as T
from keras_croton import image

from ..ops.agreement import NDArray, check_gradients, computed, sample

IMAGES = np.abs(sample((2, 6, 7, 3)))
FIRST = np.moveaxis(IMAGES, -1, 1).copy()
LAYOUTS = {"channels_last": IMAGES, "channels_first": FIRST}


def in_both_layouts(formula: Callable[..., Any], static: bool = False) -> NDArray:
    """The result with channels last, after checking that of channels first, and of one image."""
    last, first = (
        computed(lambda v, layout=layout: formula(v, layout), images, static=static)
        for layout, images in LAYOUTS.items()
    )
    np.testing.assert_allclose(last, np.moveaxis(first, 1, -1), rtol=1e-6, atol=1e-6)
    single = formula(IMAGES[1], "channels_last")
    np.testing.assert_allclose(last[1], single, rtol=1e-6, atol=1e-6)
    return last


def test_gray_images() -> None:
    result = in_both_layouts(lambda v, layout: image.rgb_to_grayscale(v, layout))
    np.testing.assert_allclose(result, IMAGES @ np.array([[0.2989], [0.5870], [0.1140]]))
    whole = image.rgb_to_grayscale(np.full((2, 2, 3), 200, "uint8"), "channels_last")
    assert whole.dtype == "uint8" and int(whole[0, 0, 0]) == 199  # cut off, as elsewhere
    already = image.rgb_to_grayscale(IMAGES[..., :1], "channels_last")
    np.testing.assert_array_equal(already, IMAGES[..., :1])


def test_hues_of_colours() -> None:
    colours = np.array(
        [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1], [1, 0, 1], [0.5] * 3, [0] * 3]
    )
    expected = np.array(
        [
            [0, 1, 1],
            [1 / 6, 1, 1],
            [2 / 6, 1, 1],
            [3 / 6, 1, 0.5],
            [4 / 6, 1, 1],
            [5 / 6, 1, 1],
            [0, 0, 0.5],
            [0] * 3,
        ]
    )
    shown = colours[None].astype("float32")
    np.testing.assert_allclose(computed(image.rgb_to_hsv, shown)[0], expected, atol=1e-6)
    np.testing.assert_allclose(computed(image.hsv_to_rgb, expected[None].astype("float32")), shown, atol=1e-6)


def test_hue_and_back() -> None:
    colours = IMAGES / IMAGES.max()
    for layout, axis in (("channels_last", -1), ("channels_first", 1)):
        given = np.moveaxis(colours, -1, axis).copy()
        back = computed(lambda v, at=layout: image.hsv_to_rgb(image.rgb_to_hsv(v, at), at), given)
        np.testing.assert_allclose(back, given, atol=1e-12)
    check_gradients(
        lambda v: image.hsv_to_rgb(image.rgb_to_hsv(v) * 0.9), colours[0, :2, :2] + 0.05, second=False
    )


def test_colours_of_other_images() -> None:
    for function in (image.rgb_to_hsv, image.hsv_to_rgb):
        with pytest.raises(ValueError, match=r"expected float dtype. Received: images.dtype=uint8"):
            function(np.zeros((2, 2, 3), "uint8"))
        with pytest.raises(ValueError, match="Invalid channel size: expected 3"):
            function(np.zeros((2, 2, 4), "float32"))
    with pytest.raises(ValueError, match=r"expected 3 .RGB. or 1 .Grayscale."):
        image.rgb_to_grayscale(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="Invalid images rank: expected rank 3"):
        image.rgb_to_grayscale(np.zeros((2, 2)))


KERNELS: dict[str, tuple[int, Callable[[NDArray], NDArray]]] = {
    "bilinear": (1, lambda x: 1 - x),
    "bicubic": (
        2,
        lambda x: np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2),
    ),
    "lanczos3": (3, lambda x: np.sinc(x) * np.sinc(x / 3)),
    "lanczos5": (5, lambda x: np.sinc(x) * np.sinc(x / 5)),
}


def resampled(x: NDArray, axis: int, count: int, interpolation: str, antialias: bool) -> NDArray:
    """By the definition: all pixels times their weights."""
    radius, kernel = KERNELS[interpolation]
    size = x.shape[axis]
    stretch = max(size / count, 1) if antialias else 1
    distance = np.abs((np.arange(count) + 0.5) * size / count - 0.5 - np.arange(size)[:, None]) / stretch
    weights = np.where(distance < radius, kernel(distance), 0)
    return np.moveaxis(np.moveaxis(x, axis, -1) @ (weights / weights.sum(0)), -1, axis)


@pytest.mark.parametrize("interpolation", KERNELS)
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("static", [False, True])
def test_resize(interpolation: str, antialias: bool, static: bool) -> None:
    for size in ((9, 4), (3, 7)):
        expected = resampled(
            resampled(IMAGES, 1, size[0], interpolation, antialias), 2, size[1], interpolation, antialias
        )
        result = in_both_layouts(
            lambda v, layout, size=size: image.resize(v, size, interpolation, antialias, data_format=layout),
            static,
        )
        np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


def test_nearest_pixels_keep_their_dtype() -> None:
    x = np.arange(12, dtype="uint8").reshape(3, 4, 1)
    result = computed(lambda v: image.resize(v, (6, 3), "nearest"), x)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result[..., 0], x[[0, 0, 1, 1, 2, 2]][:, [0, 2, 3], 0])


def test_resize_of_halves_is_calculated_in_single() -> None:
    x = np.full((64, 64, 1), 60000, "float16")
    assert (image.resize(x, (8, 8), antialias=True).numpy() == 60000).all()
    assert image.resize(np.zeros((2, 2, 1), "uint8"), (3, 3)).dtype == "float32"


@pytest.mark.parametrize("static", [False, True])
def test_the_ratio_of_height_to_width_may_stay(static: bool) -> None:
    cropped = in_both_layouts(
        lambda v, layout: image.resize(v, (4, 8), crop_to_aspect_ratio=True, data_format=layout), static
    )
    np.testing.assert_allclose(cropped, image.resize(IMAGES[:, 1:4], (4, 8)))
    padded = in_both_layouts(
        lambda v, layout: image.resize(v, (4, 8), pad_to_aspect_ratio=True, fill_value=2, data_format=layout),
        static,
    )
    margins = np.pad(IMAGES, ((0, 0), (0, 0), (2, 2), (0, 0)), constant_values=2)
    np.testing.assert_allclose(padded, image.resize(margins, (4, 8)))


def test_resize_gradients() -> None:
    check_gradients(
        lambda v: image.resize(v, (2, 5), "bicubic", antialias=True), IMAGES[0, :4, :3], second=False
    )


def test_resize_of_other_arguments() -> None:
    for arguments, message in (
        ({"interpolation": "cubic"}, "Invalid value for argument `interpolation`"),
        ({"fill_mode": "nearest"}, "Invalid value for argument `fill_mode`"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ({"size": (3,)}, "`size` must be a tuple of two elements"),
    ):
        with pytest.raises(ValueError, match=message):
            image.resize(IMAGES, **{"size": (3, 3), **arguments})


@pytest.mark.parametrize("method", ["linear", "cubic", "lanczos3"])
def test_scaling_alone_is_resizing(method: str) -> None:
    names = {"linear": "bilinear", "cubic": "bicubic", "lanczos3": "lanczos3"}
    result = computed(
        lambda v, scale: image.scale_and_translate(v, (2, 3, 14, 3), scale, [0.0, 0.0], (1, 2), method),
        IMAGES, np.array([0.5, 2.0]),
    )  # fmt: skip
    np.testing.assert_allclose(
        result, image.resize(IMAGES, (3, 14), names[method], antialias=True), atol=1e-5
    )


def test_translated_images_are_zero_outside() -> None:
    moved = image.scale_and_translate(IMAGES, IMAGES.shape, [1.0], [2.0], (1,), "linear")
    np.testing.assert_allclose(moved, np.pad(IMAGES, ((0, 0), (2, 0), (0, 0), (0, 0)))[:, :6], rtol=1e-6)
    with pytest.raises(ValueError, match="Invalid value for argument `method`"):
        image.scale_and_translate(IMAGES, IMAGES.shape, [1.0], [2.0], (1,), "nearest")


MODES = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "wrap": "grid-wrap",
    "mirror": "mirror",
    "reflect": "reflect",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("static", [False, True])
def test_map_coordinates(mode: str, order: int, static: bool) -> None:
    x, places = sample((5, 4)), sample((2, 30), seed=1) * 9
    result = computed(lambda v, c: image.map_coordinates(v, c, order, mode, 0.5), x, places, static=static)
    expected = scipy.ndimage.map_coordinates(x, places, order=order, mode=MODES[mode], cval=0.5)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_places_that_are_no_numbers_read_nothing_else(mode: str) -> None:
    x, places = np.arange(5.0), np.array([[np.nan, np.inf, -np.inf, 1e300, -1e300]])
    result = computed(lambda v, c: image.map_coordinates(v, c, 1, mode, -1.0), x, places)
    assert np.isin(result, [-1.0] if mode == "constant" else x).all()


def test_axes_of_one_element() -> None:
    for mode in MODES:
        result = image.map_coordinates(np.array([3.0]), np.array([[-2.0, 0.0, 5.5]]), 1, mode, 3.0)
        np.testing.assert_array_equal(result, [3, 3, 3])


def test_integers_are_rounded() -> None:
    x = np.array([0, 1, 4], "uint8")
    result = image.map_coordinates(x, np.array([[0.25, 0.5, 1.5]]), 1)
    assert result.dtype == "uint8"
    np.testing.assert_array_equal(result, [0, 1, 3])
    large = np.array([2**31 - 1], "int32")
    np.testing.assert_array_equal(image.map_coordinates(large, np.array([[0.0]]), 0), large)


def test_gradients_by_elements_and_by_places() -> None:
    x, places = sample((4, 3)), np.array([[0.3, 1.6, 2.2], [0.4, 1.3, 0.7]])
    check_gradients(lambda v: image.map_coordinates(v, places, 1), x, second=False)
    check_gradients(lambda c: image.map_coordinates(x, c, 1, "nearest"), places, second=False)


def test_map_coordinates_of_other_arguments() -> None:
    x = np.zeros((3, 3))
    for arguments, message in (
        ((np.zeros((3, 2)), 1), "First dim of `coordinates` must be the same as the rank"),
        ((np.zeros(2), 1), "expected at least rank 2"),
        ((np.zeros((2, 2)), 2), "Invalid value for argument `order`"),
        ((np.zeros((2, 2)), 1, "edge"), "Invalid value for argument `fill_mode`"),
    ):
        with pytest.raises(ValueError, match=message):
            image.map_coordinates(x, *arguments)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("static", [False, True])
def test_affine_and_projective_transforms(interpolation: str, static: bool) -> None:
    transforms = np.array([[0.9, 0.2, 0.4, -0.3, 1.1, 0.2, 0, 0], [1, 0.1, -0.7, 0.2, 0.8, 1.3, 0.02, -0.03]])
    y, x = np.mgrid[:6, :7]
    expected = np.empty_like(IMAGES)
    for number, (a0, a1, a2, b0, b1, b2, c0, c1) in enumerate(transforms):
        k = c0 * x + c1 * y + 1
        places = np.stack([(b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k])
        for channel in range(3):
            expected[number, ..., channel] = scipy.ndimage.map_coordinates(
                IMAGES[number, ..., channel], places, order=int(interpolation == "bilinear"), mode="reflect"
            )
    for layout, images in LAYOUTS.items():
        result = computed(
            lambda v, t, at=layout: image.affine_transform(v, t, interpolation, "reflect", data_format=at),
            images, transforms, static=static,
        )  # fmt: skip
        shown = result if layout == "channels_last" else np.moveaxis(result, 1, -1)
        np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-5)


def test_one_transform_for_all_images() -> None:
    row = np.array([1, 0, 1, 0, 1, 2, 0, 0], "float32")
    result = in_both_layouts(lambda v, layout: image.affine_transform(v, row, data_format=layout))
    np.testing.assert_allclose(result, np.pad(IMAGES[:, 2:, 1:], ((0, 0), (0, 2), (0, 1), (0, 0))))


def test_perspectives() -> None:
    start = np.array([[0, 0], [6, 0], [0, 5], [6, 5]], "float32")
    end = np.array([[1, 0], [5, 1], [0, 4], [6, 5]], "float32")
    matrix = image.compute_homography_matrix(start, end).numpy()
    there = (end @ matrix[[[0, 3], [1, 4]]] + matrix[[2, 5]]) / (end @ matrix[6:] + 1)[:, None]
    np.testing.assert_allclose(there, start, atol=1e-5)
    result = in_both_layouts(lambda v, layout: image.perspective_transform(v, start, end, data_format=layout))
    np.testing.assert_allclose(result[:, 5, 6], IMAGES[:, 5, 6], rtol=1e-4)
    np.testing.assert_allclose(result[:, 1, 5], IMAGES[:, 0, 6], rtol=1e-4)
    batched = image.perspective_transform(IMAGES, np.stack([start] * 2), np.stack([end] * 2))
    np.testing.assert_allclose(batched, result, rtol=1e-5, atol=1e-5)


def test_perspectives_of_other_shapes() -> None:
    points = np.zeros((4, 2))
    with pytest.raises(ValueError, match="Invalid start_points shape"):
        image.perspective_transform(IMAGES, points[:3], points)
    with pytest.raises(ValueError, match="Invalid end_points shape"):
        image.perspective_transform(IMAGES, points, points[:, :1])
    with pytest.raises(ValueError, match="must have the same shape"):
        image.perspective_transform(IMAGES, points, points[None])
    with pytest.raises(ValueError, match="Invalid transform rank"):
        image.affine_transform(IMAGES, np.zeros((1, 1, 8)))


@pytest.mark.parametrize("static", [False, True])
def test_blurred_images(static: bool) -> None:
    def weights(size: int, sigma: float) -> NDArray:
        w = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
        return w / w.sum()

    expected = scipy.ndimage.correlate1d(IMAGES, weights(3, 0.7), 2, mode="constant")
    expected = scipy.ndimage.correlate1d(expected, weights(5, 1.2), 1, mode="constant")
    if static:  # a convolution of every channel has to know how many there are
        result = in_both_layouts(lambda v, layout: image.gaussian_blur(v, (3, 5), (0.7, 1.2), layout), static)
        np.testing.assert_allclose(result, expected, rtol=1e-6)
    batch = T.tensor("float64", shape=(None, None, None, 3))
    compiled = ct.function([batch], image.gaussian_blur(batch, (3, 5), (0.7, 1.2), "channels_last"))
    np.testing.assert_allclose(compiled(IMAGES), expected, rtol=1e-6)


def test_edges() -> None:
    result = computed(lambda v: image.sobel_edges(v, "channels_last"), IMAGES, static=True)
    for number, axis in enumerate((1, 2)):
        expected = scipy.ndimage.sobel(IMAGES, axis, mode="constant")
        other = 3 - axis
        expected = scipy.ndimage.correlate1d(
            scipy.ndimage.correlate1d(IMAGES, [-1, 0, 1], axis, mode="constant"),
            [1, 2, 1],
            other,
            mode="constant",
        )
        np.testing.assert_allclose(result[..., number], expected, atol=1e-9)
    first = image.sobel_edges(FIRST, "channels_first")
    np.testing.assert_allclose(np.moveaxis(first.numpy(), 1, 3), result, atol=1e-9)


def test_elastic_transforms() -> None:
    for layout, images in LAYOUTS.items():
        moved = image.elastic_transform(images, 3.0, 1.0, seed=5, data_format=layout).numpy()
        again = image.elastic_transform(images, 3.0, 1.0, seed=5, data_format=layout)
        assert moved.shape == images.shape and (moved != images).any()
        np.testing.assert_array_equal(moved, again)
        assert moved.min() >= images.min() and moved.max() <= images.max()
    still = image.elastic_transform(IMAGES, 0.0, 1.0, seed=5)
    np.testing.assert_allclose(still, IMAGES)
    single = image.elastic_transform(IMAGES[0].astype("float16"), seed=1)
    assert (single.shape, single.dtype) == (IMAGES[0].shape, "float16")


@pytest.mark.parametrize("function", [image.gaussian_blur, image.sobel_edges, image.elastic_transform])
def test_not_images(function: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="Invalid images rank"):
        function(np.zeros((3, 3)))
