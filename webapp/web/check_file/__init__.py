"""The single-file check for the person's own computer: `gmx-pop-check.pyz`, which needs only Python 3.9 or newer.

building.py bundles it, start.py and program.py run in it, page.py offers it.
"""
