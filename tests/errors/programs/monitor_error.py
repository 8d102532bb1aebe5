from flodl import Monitor

monitor = Monitor(-1)

# it ends with
# MonitorError: total_epochs: epochs are counted from 0, got -1
#   try: Monitor(100)
