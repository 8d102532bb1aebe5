"""A whole training run in a folder: everything that it needs to go on, in states that are never half there.

Highest first: `training_state` (what users hold) over `runner` (what happens at which moment), `signals`;
`store` (the folder) over `folder` (one state: written, read) over `manifest`; `picture` (parts at one moment)
over `plain` (data as JSON and tensors).
"""
