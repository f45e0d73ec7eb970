"""What measured the figures in README and the notebooks; each result lies beside its program.

    speed.py        make bench              how fast the networks learn and answer
                                            -> speed.json, docs/bench.png
    handwriting.py  make bench-handwriting  how well strangers' digits, pages and what is no digit
                                            are read -> handwriting.json, docs/pages.png
    record.py       make record             the runs behind notebooks 08 and 09
                                            -> digitlib/pretrained/record

Pictures come from tools/synthetic; record.py takes a set of them from handwriting.py.
"""
