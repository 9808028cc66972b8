"""Machine code from the stages of the tick: they are written once, as viper functions, and this turns that text into C.

A stage is a function without a result over arrays of words: `s = ptr32(blackboard)` binds one, everything else is a whole number of
32 bits that wraps; one that another stage calls may take such numbers as well (`i: int`). Nothing else is needed than this:

    stage = read(path, "sense", constants)     one function of one file; what it names comes from `_X = const(n)` in that file or
                                               from `constants`; a stage that it calls is read from where it was imported
    read_order(path, "tick")                   all the stages that a plain function calls: the whole of tick.py
    c_source("tick", [stage, ...], rename)     the text of one C file: each stage a static function, and
                                               `void tick(void *blackboard, void *ring)` that calls them in that order

The arguments of `tick` are the stages' own, in the order in which they come up; `rename` gives those that mean the same array one
name ({"S": "blackboard", "P": "plant"}). Compile with FLAGS. A pointer that is made of a number is a register or a word that
hardware writes: it is volatile. What can't be translated raises CannotTranslate: file, line, what is wrong and what would be right.
"""

from stackpress.tick_compiler.c import FLAGS, c_source
from stackpress.tick_compiler.reader import CannotTranslate, Stage, constants_of, read, read_order

__all__ = ["FLAGS", "CannotTranslate", "Stage", "c_source", "constants_of", "read", "read_order"]
