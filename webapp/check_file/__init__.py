"""The check on the person's own computer: one file, `gmx-pop-check.pyz`, that needs nothing but Python 3.9 or newer.

building.py puts the modules of this package into it, start.py and program.py run in it, page.py offers it.
"""
