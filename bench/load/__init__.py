"""Load from outside the measured process: a scripted upstream, and clients that speak plain SSE or Gradio's queue."""
