"""An HTTP/1.1 file server. The program is not written in Python: `python -m glasshttp` starts it."""
