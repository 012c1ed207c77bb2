package sync

import (
	"context"
	"errors"
	"time"
)

// Class is what an error of a whole request asks for.
type Class uint8

// The classes.
const (
	// Transient: it may pass; try again with back-off.
	Transient Class = iota
	// Blocked: someone has to act (401, 403, wrong URL); try again slowly, say so loudly.
	Blocked
	// Permanent: it will be the same for ever; dead letter.
	Permanent
	// Canceled: our own context ended.
	Canceled
)

// Classify says what an error asks for, by its behaviour: an error (or one that
// it wraps) with Blocked() bool true is Blocked, with Retryable() bool false Permanent.
// Everything else is Transient: a fault that nobody can name is no reason to drop data.
func Classify(err error) Class {
	if blocked, ok := errors.AsType[interface {
		error
		Blocked() bool
	}](err); ok && blocked.Blocked() {
		return Blocked
	}
	if retry, ok := errors.AsType[interface {
		error
		Retryable() bool
	}](err); ok {
		if retry.Retryable() {
			return Transient
		}
		return Permanent
	}
	if errors.Is(err, context.Canceled) {
		return Canceled
	}
	return Transient
}

// RetryAfter is how long the target asked to wait, by an error with RetryAfter() time.Duration; or zero.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return e.RetryAfter()
	}
	return 0
}
