"""Calibration as a reviewer wants it: readings, fit, errors by ISO 7500-1, uncertainty by EURAMET cg-4, certificate, history."""
