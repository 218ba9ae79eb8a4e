"""`python -m deploy.agent.windows.selection`: what pip installs on Windows, from requirements.lock."""

import sys

from deploy.agent.selection import select

PLATFORM = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"}

if __name__ == "__main__":
    sys.stdout.write(select(platform=PLATFORM))
