"""The core of Autoencoder Lab: specs, image sets, networks, training and the training service.

Importing it loads neither TensorFlow nor Keras: worker processes do (`ae_core.service.worker`).

Letters for array shapes everywhere: N images, H rows, W columns, C channels, D latent dimensions.
"""
