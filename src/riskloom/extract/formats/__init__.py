"""Decoders: records of a declared format to fields, and fields to typed columns.

Each record has one obviously right reading, in plain Python, module by module: text, fields of a format, values.
Clean records, nearly all of them, are read by kernels over whole batches instead, with the same result.
"""
