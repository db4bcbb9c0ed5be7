"""What the nodes of a comparison are called."""


def node_of(network: str, fold: int = 0) -> str:
    """``NetworkTrial.cnn``, or ``NetworkTrial.cnn.fold2``."""
    return f"NetworkTrial.{network}" + (f".fold{fold}" if fold else "")
