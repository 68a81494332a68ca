"""Kinds of files: what each is made of, and where in it the pickle and the bytes of the tensors lie."""
