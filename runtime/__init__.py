"""What every process needs, below everything else: Redis, leases, log, health,
metrics, supervision.

Nothing here imports another package of this project.
"""
