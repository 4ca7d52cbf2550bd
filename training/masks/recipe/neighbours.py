"""Modules of the other recipes, which lie beside this one."""
import importlib.util
from pathlib import Path

TRAINING = Path(__file__).resolve().parents[2]


def module(recipe, name):
    """recipe/NAME.py of training/RECIPE."""
    spec = importlib.util.spec_from_file_location(f"{recipe}_{name}", TRAINING / recipe / "recipe" / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
