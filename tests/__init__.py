"""Tests of everything. Python keeps what it compiled, whatever it was told: to compile all of it anew takes each of
hundreds of processes seconds.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
