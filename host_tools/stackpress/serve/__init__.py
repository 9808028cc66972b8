"""One owner of the presses' ports and many clients: the service behind `stackpress serve`.

A station looks after one press, `stations` after all of them; people are let in by `people`, and come by HTTP (`api`), by SCPI
(`scpi_socket`) or through the command line, which finds the service by itself (`stackpress.service`).
"""
