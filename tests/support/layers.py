"""What a network is made of, to be compared."""

import json


def layers_of(model):
    """What the layers are, without their names."""
    described = []
    for layer in model.layers:
        settings = {k: v for k, v in layer.get_config().items() if k not in ("name", "dtype")}
        described.append((type(layer).__name__, json.dumps(settings, default=str, sort_keys=True)))
    return described
