"""The PKCS#11 driver: the only place that loads a vendor's module, and the process that keeps the service's keys.

`station.Station` is the port to the devices of this machine, each module in a worker process; `module.Module` is one
module inside a process (the worker's, tests'). `pool.SessionPool` keeps a service's sessions; `process.serve` runs
the keys process and `process.RemoteKeyring` reaches it; `provisioning` makes SoftHSM devices. The agent and the
wiring may come in; `pki` and `signer` never do, they see `hsm.keys.SigningKey`.

Never: a second thread in a module, a second try of a PIN, a digest chosen by a caller outside this process,
an exception of the driver.
"""
