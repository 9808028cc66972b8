"""MicroPython loads what a C compiler made of stages; without a compiler, or with more than code, it is said why not."""

import subprocess
from pathlib import Path

import pytest
from stackpress.simulator.supervisor import MICROPYTHON
from stackpress.tick_compiler import native

ENTRY = "long add(void *self, unsigned long count, unsigned long keywords, const long *args)"
ADD = f"""
static __attribute__((noinline)) long twice(long n) {{ return 2 * n; }}
{ENTRY} {{
    int *words = (int *)(args[0] >> 1);
    words[0] += (int)(args[1] >> 1);
    return twice(words[0]) << 1 | 1;
}}
"""


@pytest.fixture
def needs_native_code() -> None:
    try:
        native.compiler()
    except native.CannotCompile as reason:
        pytest.skip(str(reason))


@pytest.mark.usefixtures("needs_native_code")
def test_micropython_calls_compiled_code_with_arrays_and_numbers(tmp_path: Path) -> None:
    folder = native.module(ADD, "add", tmp_path)
    code = ("from array import array; from uctypes import addressof; from add import add; a = array('i', [-5, 7]);"
            "print(add(addressof(a), 3), add(addressof(a), -1000000000), list(a))")  # fmt: skip
    command, path = [*MICROPYTHON, "-c", code], {"MICROPYPATH": str(folder)}
    done = subprocess.run(command, text=True, capture_output=True, check=True, env=path)
    assert done.stdout == "-4 -2000000004 [-1000000002, 7]\n"


@pytest.mark.usefixtures("needs_native_code")
def test_one_text_is_compiled_once(tmp_path: Path) -> None:
    made = native.module(ADD, "add", tmp_path) / "add.mpy"
    before = made.stat()
    assert native.module(ADD, "add", tmp_path) / "add.mpy" == made
    assert (made.stat().st_mtime_ns, made.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert native.module(ADD + "\n", "add", tmp_path) != made.parent


@pytest.mark.usefixtures("needs_native_code")
@pytest.mark.parametrize(("text", "wrong"), [
    (f"extern int elsewhere(void);\n{ENTRY} {{ return elsewhere(); }}", ".rela.text"),
    (f"static int kept;\n{ENTRY} {{ return kept++; }}", ".bss"),
    ("this is no C", "error"),
])  # fmt: skip
def test_code_that_would_need_a_loader_is_refused(text: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(native.CannotCompile, match=wrong):
        native.module(text, "add", tmp_path)
    assert not list(tmp_path.rglob("*.mpy"))


def test_a_machine_without_a_compiler_is_told_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(native, "find_spec", lambda name: None)
    with pytest.raises(native.CannotCompile, match="no C compiler was found|Linux on x86-64 only"):
        native.compiler()
