"""Polls: a message that asks a question, with choices that people vote for."""
