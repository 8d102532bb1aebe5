"""A whole training run in a folder: everything that it needs to go on, in states that are never half there.

Highest first: `training_state` (what users hold) over `moments` (where the run stands) and `signals`; `store` (the
folder) over `folder` (one state: written, read), `listing` and `lock`, over `manifest`; `restore` (a state back into
the parts); `picture` (parts at one moment) over `parts`, and over `plain` (data as JSON and tensors).
"""
