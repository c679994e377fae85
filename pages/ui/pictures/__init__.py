"""What pages show of pictures: Home's stage, reconstructed and denoised ones, own sets."""
