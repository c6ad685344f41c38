"""Graded sheets: drawn anew for a class, handed out, run and graded.

`redraw` puts this year's constants into a sheet, `assignments` makes what
students and teachers get, `submissions` reads what comes back, `sandbox`
runs it where it can do no harm, `grades` hands it to nbgrader and writes
the scores. ``python -m companion.lab.classroom`` does both halves.
"""
