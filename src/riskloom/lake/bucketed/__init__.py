"""Bucketed tables: the rows of one key lie in one bucket, each file of it in the order of key, time and id.

A bucket is the keys whose hash begins with certain bits. One task reads a bucket's files by itself, without a JVM, and
finds every row of its keys there. The files that tasks wrote are committed by the driver in one transaction.
"""

from __future__ import annotations
