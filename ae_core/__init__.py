"""The core of Autoencoder Lab: specs, image sets, networks, training and the training service.

It knows nothing of the web pages that show it, and importing it imports neither TensorFlow nor
Keras: those live in worker processes (see `ae_core.service.worker`).

Letters used for array shapes everywhere: N pictures, H rows, W columns, C channels, D code numbers.
"""
