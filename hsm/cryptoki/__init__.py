"""The PKCS#11 driver: the only place that loads a vendor's module, and the process that keeps the service's keys.

`module.Module` is the port to the devices of this machine (agent, keys process, tests); `process.serve` runs
the keys process and `process.RemoteKeyring` reaches it; `provisioning` makes SoftHSM devices. The agent and the
wiring may come in; `pki` and `signer` never do, they see `hsm.keys.SigningKey`.

Never: a second thread in a module, a second try of a PIN, a digest chosen by a caller outside this process,
an exception of the driver.
"""
