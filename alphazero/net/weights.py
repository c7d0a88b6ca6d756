"""Networks of all families: their weights, files and names."""

from alphazero.net import leela
from alphazero.net.katago import model

Weights = leela.Weights | model.Model
