"""What is fast and how much memory it takes, measured side by side in one run. `make bench` runs all and writes results/.

Threads wait as the product's do. The policy is set before torch is loaded.
"""

import os

from nst.threads import with_sleeping_threads

os.environ.update(with_sleeping_threads(os.environ))
