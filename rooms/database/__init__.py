"""Statements by hand, threads of our own to run them on, and moments that several reads share."""
