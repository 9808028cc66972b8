"""`python -m stackpress.config` prints the table of all parameters: boards/PARAMETERS.md is made with it."""

from .documents import reference_markdown

HEAD = """# Parameters

Made from `firmware/stackpress_core/params.py` by `python -m stackpress.config > boards/PARAMETERS.md`; a test compares them.

"""

if __name__ == "__main__":
    print(HEAD + reference_markdown(), end="")
