"""Filling a desk with years of work in minutes, and measuring it. For benchmarks, never for production."""
