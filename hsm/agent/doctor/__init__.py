"""What stands between this PC and a signature: drivers, readers, device, certificate, clock, service, address handler.

`examination` looks and finds; command and window say it. It asks for no PIN, signs nothing and changes nothing.
"""
