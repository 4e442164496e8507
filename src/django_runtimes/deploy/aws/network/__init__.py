"""Asks AWS about networks: VPCs, zones and the interfaces of functions."""
