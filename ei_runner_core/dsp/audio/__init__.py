"""Audio: MFE, MFCC and spectrogram, for whole windows and for slices of a stream.

All three cut a signal into frames (:mod:`.framing`), take the power spectrum of all frames in one
call (:mod:`.spectrum`), make a row of numbers of each frame, and normalise the matrix of rows
(:mod:`.decibels`, :mod:`.cmvn`). What they share is :class:`.block.AudioBlock`.

Inside, matrices stand with one *column* a frame: sums over bins then run along whole rows, from
left to right in float32 as in the C++ SDK, for all frames at once.
"""
