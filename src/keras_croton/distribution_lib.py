"""Keras's distributions where there is one process with one device: layouts are checked, nothing moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras.src.random.seed_generator import make_default_seed
from keras.src.utils import rng_utils

_DEVICE = "cpu:0"


@dataclass(frozen=True)
class Mesh:
    """Devices in a grid with named axes."""

    devices: tuple[str, ...]
    shape: tuple[int, ...]
    axis_names: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Which axis of a mesh each axis of a tensor is divided along, or None."""

    mesh: Mesh
    axes: tuple[str | None, ...]


def list_devices(device_type: str | None = None) -> list[str]:
    """The devices of a type, by default of the only one that there is.

    Raises:
        ValueError: the type is not "cpu".
    """
    if device_type is not None and device_type.lower() != "cpu":
        raise ValueError(f"`device_type` must be 'cpu' with the croton backend. Received: {device_type!r}")
    return [_DEVICE]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices of a type there are."""
    return len(list_devices(device_type))


def initialize(job_addresses: str | None, num_processes: int | None, process_id: int | None) -> None:
    """Begins a distributed program, which can only be one process.

    Raises:
        ValueError: it has more processes than one.
    """
    addresses = len(job_addresses.split(",")) if job_addresses else 1
    if num_processes not in (None, 1) or addresses > 1 or process_id not in (None, 0):
        raise ValueError(
            "the croton backend runs in one process. "
            f"Received: job_addresses={job_addresses}, num_processes={num_processes}, process_id={process_id}"
        )
    initialize_rng()


def initialize_rng() -> None:
    """Draws the global seed, unless the program has set one."""
    if rng_utils.get_random_seed() is None:
        rng_utils.set_random_seed(make_default_seed())


def num_processes() -> int:
    """How many processes the program has."""
    return 1


def process_id() -> int:
    """Which of them this is."""
    return 0


def distribute_tensor(tensor: Any, layout: Any) -> Any:
    """The tensor itself, if all devices of the layout (a `TensorLayout`, or one of this backend) exist.

    Raises:
        ValueError: one does not.
    """
    _backend_layout(layout)
    return tensor


def distribute_data_input(per_process_batch: Any, layout: Any, batch_dim_name: str | None) -> Any:
    """The batch itself, if all devices of the layout exist.

    Raises:
        ValueError: one does not.
    """
    _backend_layout(layout)
    return per_process_batch


def _backend_layout(layout: Any) -> Layout:
    return layout if isinstance(layout, Layout) else layout.backend_layout


def _to_backend_device(device_name: str) -> str:
    kind, _, number = str(device_name).lower().partition(":")
    if (kind, number or "0") != ("cpu", "0"):
        raise ValueError(f"Device not found: {device_name}. The croton backend has {_DEVICE} only")
    return _DEVICE


def _to_backend_mesh(device_mesh: Any) -> Mesh:
    """The mesh of a `DeviceMesh`."""
    devices = tuple(_to_backend_device(name) for name in device_mesh.devices.flatten())
    return Mesh(devices, tuple(device_mesh.devices.shape), tuple(device_mesh.axis_names))


def _to_backend_layout(tensor_layout: Any) -> Layout:
    """The layout of a `TensorLayout`."""
    if tensor_layout.device_mesh is None:
        raise ValueError(
            "a `TensorLayout` needs a `device_mesh` before tensors can be laid out. Received: None"
        )
    return Layout(tensor_layout.device_mesh.backend_mesh, tuple(tensor_layout.axes))
