package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// requestError is a request that brought no answer.
type requestError struct {
	op      string
	err     error
	blocked bool
}

// RequestError returns the error of a request that brought no answer, without the address, which can hold a
// password. The end of our own context stays recognisable; a certificate that is not trusted is for a
// person to settle; all else may pass by itself.
func RequestError(ctx context.Context, op string, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%s: %w", op, cause)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	_, blocked := errors.AsType[*tls.CertificateVerificationError](err)
	if !blocked {
		_, blocked = errors.AsType[x509.UnknownAuthorityError](err)
	}
	return &requestError{op: op, err: err, blocked: blocked}
}

// Error implements error.
func (e *requestError) Error() string {
	if e.blocked {
		return fmt.Sprintf("%s: %v (check the CA file or fingerprint)", e.op, e.err)
	}
	return fmt.Sprintf("%s: %v", e.op, e.err)
}

// Unwrap returns the cause.
func (e *requestError) Unwrap() error { return e.err }

// Retryable is true: nobody knows whether the server has seen the request.
func (e *requestError) Retryable() bool { return true }

// Blocked reports whether someone has to act first.
func (e *requestError) Blocked() bool { return e.blocked }

// blockedError is an error that someone has to act on.
type blockedError struct{ err error }

// Blocked makes a permanent error of setting something up one that someone has to act on: no
// object of the stream is at fault, so none must go to the dead letters for it.
func Blocked(op string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", op, err)
	if sync.Classify(err) == sync.Permanent {
		return NeedsAction(err)
	}
	return err
}

// NeedsAction makes an error one that someone has to act on before another attempt can succeed.
func NeedsAction(err error) error { return &blockedError{err} }

// Error implements error.
func (e *blockedError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *blockedError) Unwrap() error { return e.err }

// Blocked is true.
func (e *blockedError) Blocked() bool { return true }
