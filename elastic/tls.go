package elastic

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// TLS is how to check a server and how to show oneself to it; one block serves
// OpenCTI, Elasticsearch and Kibana. The zero value trusts what the system trusts.
type TLS struct {
	// CAFile names a PEM file of authorities that are trusted besides the system's.
	CAFile string
	// Fingerprint is the SHA-256 of a certificate in hex, colons allowed, as Elasticsearch prints
	// at its first start. A server whose chain ends in that certificate is trusted whatever its
	// name; for any other server the usual checks hold.
	Fingerprint string
	// CertFile and KeyFile name the PEM files of a client certificate. They are read
	// again when they change.
	CertFile, KeyFile string
	// InsecureSkipVerify switches all checks off. Whoever is on the way can then
	// read and change everything, credentials included.
	InsecureSkipVerify bool
}

// Validate reports all faults that can be seen without reading the files.
func (t TLS) Validate() error {
	var errs []error
	if (t.CertFile == "") != (t.KeyFile == "") {
		errs = append(errs, errors.New("TLS: a client certificate needs both a certificate file and a key file"))
	}
	if _, err := t.fingerprint(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Config makes the standard library's configuration. The certificate files are read once
// here, so that a fault in them is found at the start.
func (t TLS) Config() (*tls.Config, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.InsecureSkipVerify} // #nosec G402 -- the user's own choice
	if t.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("TLS: read CA file: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("TLS: CA file %s holds no PEM certificate", t.CAFile)
		}
		c.RootCAs = pool
	}
	if want, _ := t.fingerprint(); want != nil && !t.InsecureSkipVerify {
		roots := c.RootCAs
		c.InsecureSkipVerify = true // the check below takes the place of the usual one
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyPinned(s, want, roots) }
	}
	if t.CertFile != "" {
		files := &keyPair{cert: t.CertFile, key: t.KeyFile}
		if _, err := files.load(); err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return files.load() }
	}
	return c, nil
}

func (t TLS) fingerprint() ([]byte, error) {
	if t.Fingerprint == "" {
		return nil, nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(t.Fingerprint), ":", ""))
	if err != nil || len(b) != sha256.Size {
		return nil, errors.New("TLS: the fingerprint must be the SHA-256 of a certificate, 64 hexadecimal digits")
	}
	return b, nil
}

// verifyPinned accepts a chain that the pinned certificate ends, or one that the usual checks accept.
// That the pinned certificate merely is among those sent says nothing: it is public.
func verifyPinned(s tls.ConnectionState, want []byte, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("TLS: the server sent no certificate")
	}
	leaf := s.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	for _, c := range s.PeerCertificates {
		if sum := sha256.Sum256(c.Raw); !bytes.Equal(sum[:], want) {
			continue
		}
		if c == leaf {
			return nil
		}
		pinned := x509.NewCertPool()
		pinned.AddCert(c)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pinned, Intermediates: intermediates}); err == nil {
			return nil
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: s.ServerName})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: fmt.Errorf("no certificate with the configured fingerprint ends the chain, and %w", err)}
	}
	return nil
}

// keyPair is a client certificate that is read again when one of its files changes.
type keyPair struct {
	cert, key string

	mu     sync.Mutex
	stamp  [2]fileStamp
	loaded *tls.Certificate
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// load gives the certificate as the files have it. While they are being
// replaced and do not fit each other, it gives the one before.
func (p *keyPair) load() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var stamp [2]fileStamp
	var err error
	for i, name := range [...]string{p.cert, p.key} {
		var info os.FileInfo
		if info, err = os.Stat(name); err != nil {
			break
		}
		stamp[i] = fileStamp{info.ModTime(), info.Size()}
	}
	if err == nil && p.loaded != nil && stamp == p.stamp {
		return p.loaded, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(p.cert, p.key); err == nil {
			p.loaded, p.stamp = &c, stamp
		}
	}
	if p.loaded == nil {
		return nil, fmt.Errorf("TLS: client certificate: %w", err)
	}
	return p.loaded, nil
}
