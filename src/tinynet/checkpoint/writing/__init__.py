"""`save_checkpoint`: the pickle, the zip file, and how it takes the place of an older one."""
