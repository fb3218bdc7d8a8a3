"""Reads of the audit log: its rows, and the chain that seals them."""

from webapp.audit.queries.chain import ChainState, find_chain_state, find_head, sealed_at
from webapp.audit.queries.rows import Named, Words, find_names, find_rows, find_words, get_row
from webapp.audit.queries.verifying import verify

__all__ = ["ChainState", "Named", "Words", "find_chain_state", "find_head", "find_names", "find_rows", "find_words", "get_row", "sealed_at",
           "verify"]
