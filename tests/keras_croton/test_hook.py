"""How Keras finds Croton, and that it finds the other backends as if Croton were not there.

Each test is a process of its own, in an environment where the start-up file lies in site-packages, as after
installing Croton.
"""

import ast
import json
import marshal
import os
import site
import subprocess
import venv
from pathlib import Path

import keras
import pytest

import keras_croton
from croton.toolchain.cache import default_cache
from keras_croton import chains, hook

SOURCES = Path(keras_croton.__file__).parent.parent

SCRIPT = """
import keras

print(keras.config.backend(), type(keras.ops.convert_to_tensor([1.0])).__module__)
"""

# As little of Keras as chooses a backend: all that come with the real one need packages that are not there.
MINIATURE = {
    "__init__.py": "import keras.src.backend",
    "src/__init__.py": "",
    "src/backend/__init__.py": """
import os

def backend():
    return os.environ["KERAS_BACKEND"]

if backend() == "jax":
    from keras.src.backend.jax import *
elif backend() == "numpy":
    from keras.src.backend.numpy import *
""",
    "src/backend/numpy.py": "zeros = 'zeros of NumPy'",
}

LOADER = """
import sys

from keras.src import backend

print(backend.zeros, type(backend.__spec__.loader).__name__, "croton" in sys.modules)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds what ours does, and the start-up file."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    library = next(folder.glob("lib/python*/site-packages"))
    ours = [f"import site; site.addsitedir({folder!r})" for folder in site.getsitepackages()]
    (library / "a-paths.pth").write_text("\n".join([*ours, str(SOURCES)]) + "\n")
    (library / "croton-keras.pth").write_text((SOURCES / "croton-keras.pth").read_text())
    return folder / "bin" / "python"


def run(
    python: Path, script: str, home: Path, before: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs a script that knows nothing of Croton; `before` is where modules are looked for first."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KERAS_", "PYTHON", "COV_", "VIRTUAL_ENV"))
    }
    if before is not None:
        variables["PYTHONPATH"] = str(before)
    environment = {**inherited, "HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    return subprocess.run(
        [python, "-c", script], env=environment, capture_output=True, text=True, timeout=120
    )


def write_keras(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / "keras" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def output(result: subprocess.CompletedProcess[str]) -> list[str]:
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n")[:-1]


def test_the_environment_variable_alone_chooses_croton(environment: Path, tmp_path: Path) -> None:
    result = run(environment, SCRIPT, tmp_path, KERAS_BACKEND="croton")
    assert output(result) == ["croton croton.frontends.eager"]


def test_a_configuration_file_alone_chooses_croton(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "croton"}))
    result = run(environment, SCRIPT, tmp_path, KERAS_HOME=str(tmp_path))
    assert output(result) == ["croton croton.frontends.eager"]


def test_the_configuration_file_may_lie_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras_croton.hook import _selected

    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not _selected()
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"backend": "croton"}))
    assert _selected()


def test_another_backend_is_loaded_from_its_own_files_without_croton(
    environment: Path, tmp_path: Path
) -> None:
    write_keras(tmp_path, MINIATURE)
    result = run(environment, LOADER, tmp_path, before=tmp_path, KERAS_BACKEND="numpy")
    assert output(result) == ["zeros of NumPy SourceFileLoader False"]


def test_the_environment_variable_comes_before_the_file(environment: Path, tmp_path: Path) -> None:
    write_keras(tmp_path, MINIATURE)
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "croton"}))
    result = run(
        environment, LOADER, tmp_path, before=tmp_path, KERAS_HOME=str(tmp_path), KERAS_BACKEND="numpy"
    )
    assert output(result) == ["zeros of NumPy SourceFileLoader False"]


def test_a_damaged_configuration_file_chooses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras_croton.hook import _selected

    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for text in ("", "[]", "{", '"croton"'):
        (tmp_path / "keras.json").write_text(text)
        assert not _selected()


def test_without_keras_nothing_is_loaded(environment: Path, tmp_path: Path) -> None:
    result = run(
        environment, "import sys; print('keras_croton' in sys.modules)", tmp_path, KERAS_BACKEND="croton"
    )
    assert output(result) == ["False"]


def test_a_keras_that_chooses_otherwise_is_refused_with_a_reason(environment: Path, tmp_path: Path) -> None:
    choice = "from keras.src.backend.plugins import *"
    write_keras(tmp_path, {**MINIATURE, "src/backend/__init__.py": choice})
    result = run(environment, "import keras", tmp_path, before=tmp_path, KERAS_BACKEND="croton")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "ImportError: keras.src.backend: no choice of backends found to add Croton to; "
        "this version of Keras is not known to keras_croton"
    )


def test_a_second_process_neither_parses_nor_compiles_modules_of_keras(
    environment: Path, tmp_path: Path
) -> None:
    script = "import sys, keras; print('keras_croton.chains' in sys.modules)"
    variables = {"KERAS_BACKEND": "croton", "CROTON_CACHE_DIR": str(tmp_path / "cache")}
    assert output(run(environment, script, tmp_path, **variables)) == ["True"]
    assert output(run(environment, script, tmp_path, **variables)) == ["False"]


class TestKeptCode:
    """Byte code of changed modules is kept in Croton's cache."""

    @pytest.fixture
    def module(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("CROTON_CACHE_DIR", str(tmp_path / "cache"))
        path = tmp_path / "layer.py"
        path.write_text(MINIATURE["src/backend/__init__.py"] + "answer = 1\n")
        return path

    def changes(self, module: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        """How often the module is parsed and changed when it is loaded, and a constant that it holds."""
        calls = []
        with_croton = chains.with_croton
        with monkeypatch.context() as patch:
            patch.setattr(chains, "with_croton", lambda *given: calls.append(given) or with_croton(*given))
            code = hook._Loader("keras.src.layers.layer", str(module)).get_code("keras.src.layers.layer")
        assert "croton" in code.co_consts and code.co_filename == str(module)
        return len(calls), str(max(constant for constant in code.co_consts if isinstance(constant, int)))

    def test_is_used_again(self, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.changes(module, monkeypatch) == (1, "1")
        assert self.changes(module, monkeypatch) == (0, "1")

    def test_is_made_anew_when_the_source_has_changed(
        self, module: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.changes(module, monkeypatch)
        module.write_text(module.read_text().replace("answer = 1", "answer = 2"))
        assert self.changes(module, monkeypatch) == (1, "2")

    def test_is_made_anew_by_another_version_of_the_changes(
        self, module: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.changes(module, monkeypatch)
        monkeypatch.setattr(hook, "_text_of_chains", lambda: b"another")
        assert self.changes(module, monkeypatch) == (1, "1")

    @pytest.mark.parametrize("kept", [b"", b"no code", marshal.dumps(3), "a text", None])
    def test_is_ignored_where_it_is_none(
        self, kept: object, module: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.changes(module, monkeypatch)
        (entry,) = default_cache().entries()
        default_cache().store_object(entry.key, kept)
        assert self.changes(module, monkeypatch) == (1, "1")
        assert self.changes(module, monkeypatch) == (0, "1")

    def test_is_ignored_where_the_file_is_damaged(
        self, module: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.changes(module, monkeypatch)
        (entry,) = default_cache().entries()
        entry.path.write_bytes(entry.path.read_bytes()[:-90])
        assert self.changes(module, monkeypatch) == (1, "1")

    def test_need_not_be_kept_anywhere(
        self, module: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
    ) -> None:
        (module.parent / "cache").write_text("not a folder")
        assert self.changes(module, monkeypatch) == (1, "1")


def test_errors_point_into_the_files_of_keras() -> None:
    """The modules are changed as trees, so that lines in tracebacks are those of the file."""
    from keras.src.layers.layer import Layer

    code = Layer.add_weight.__code__
    lines = Path(code.co_filename).read_text().splitlines()
    assert "def add_weight(" in "".join(lines[code.co_firstlineno - 1 : code.co_firstlineno + 3])


@pytest.mark.parametrize("name", hook.PATCHED | hook.TESTS)
def test_modules_of_keras_are_changed_by_nothing_but_branches_and_names_for_croton(name: str) -> None:
    """Without them each module is what it was, its tests above all."""
    path = find_source(name)
    source = path.read_bytes()
    changed = chains.with_croton(source, str(path), (hook.PATCHED | hook.TESTS)[name])
    assert changed is not None, "nothing to change"
    assert ast.dump(WithoutCroton().visit(changed)) == ast.dump(ast.parse(source))


def find_source(name: str) -> Path:
    path = Path(keras.__file__).parent.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


class WithoutCroton(ast.NodeTransformer):
    """Takes away what the hook adds."""

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        added = isinstance(test, ast.Compare) and getattr(test.comparators[0], "value", None) == "croton"
        return self.visit(node.orelse[0]) if added else self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        if node.keys and getattr(node.keys[-1], "value", None) == "croton":
            node.keys.pop()
            node.values.pop()
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        names = node.comparators[0]
        values = [getattr(name, "value", None) for name in getattr(names, "elts", [])]
        if values[-1:] != ["croton"]:
            return self.generic_visit(node)
        names.elts.pop()  # type: ignore[attr-defined]
        return ast.Compare(node.left, [ast.NotEq()], names.elts) if values == ["jax", "croton"] else node  # type: ignore[attr-defined]
