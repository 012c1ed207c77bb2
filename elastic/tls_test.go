package elastic_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// authority makes certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	c := a.issue(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = c.Leaf, c.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

func (a *authority) issue(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// server makes a certificate for a host name, with the authority's behind it.
func (a *authority) server(host string) tls.Certificate {
	c := a.issue(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}})
	c.Certificate = append(c.Certificate, a.cert.Raw)
	return c
}

func (a *authority) fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// client writes a client certificate with that serial number to the files.
func (a *authority) client(serial int64, certFile, keyFile string) {
	a.t.Helper()
	c := a.issue(&x509.Certificate{SerialNumber: big.NewInt(serial), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	key, err := x509.MarshalECPrivateKey(c.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		a.t.Fatal(err)
	}
	writePEM(a.t, certFile, "CERTIFICATE", c.Certificate[0])
	writePEM(a.t, keyFile, "EC PRIVATE KEY", key)
}

func writePEM(t *testing.T, name, kind string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tlsServer answers with the serial number of the client's certificate.
func tlsServer(t *testing.T, c tls.Certificate, clients *x509.CertPool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		serial := ""
		if len(r.TLS.PeerCertificates) > 0 {
			serial = r.TLS.PeerCertificates[0].SerialNumber.String()
		}
		_, _ = io.WriteString(w, `{"cluster_name":"`+serial+`"}`)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
	if clients != nil {
		s.TLS.ClientCAs, s.TLS.ClientAuth = clients, tls.RequireAndVerifyClientCert
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTLS(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	caFile, otherFile, empty := filepath.Join(dir, "ca"), filepath.Join(dir, "other"), filepath.Join(dir, "empty")
	writePEM(t, caFile, "CERTIFICATE", a.cert.Raw)
	writePEM(t, otherFile, "CERTIFICATE", other.cert.Raw)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	forged := other.server("localhost")
	forged.Certificate[1] = a.cert.Raw // the pinned certificate is public: anyone can send it along
	for _, c := range []struct {
		name    string
		server  tls.Certificate
		tls     elastic.TLS
		refused bool
	}{
		{name: "authority", server: a.server("localhost"), tls: elastic.TLS{CAFile: caFile}},
		{name: "unknown authority", server: a.server("localhost"), tls: elastic.TLS{CAFile: otherFile}, refused: true},
		{name: "no authority", server: a.server("localhost"), refused: true},
		{name: "another name", server: a.server("es01"), tls: elastic.TLS{CAFile: caFile}, refused: true},
		{name: "fingerprint", server: a.server("localhost"), tls: elastic.TLS{Fingerprint: a.fingerprint()}},
		{name: "fingerprint and another name", server: a.server("es01"), tls: elastic.TLS{Fingerprint: strings.ToLower(a.fingerprint())}},
		{name: "other fingerprint", server: a.server("localhost"), tls: elastic.TLS{Fingerprint: other.fingerprint()}, refused: true},
		{name: "other fingerprint but known authority", server: a.server("localhost"), tls: elastic.TLS{Fingerprint: other.fingerprint(), CAFile: caFile}},
		{name: "forged chain", server: forged, tls: elastic.TLS{Fingerprint: a.fingerprint()}, refused: true},
		{name: "no check", server: a.server("es01"), tls: elastic.TLS{InsecureSkipVerify: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tlsServer(t, c.server, nil)
			_, port, err := net.SplitHostPort(s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			client, err := elastic.NewClient(elastic.Config{URLs: []string{"https://localhost:" + port}, TLS: c.tls})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Info(t.Context())
			if (err != nil) != c.refused {
				t.Fatalf("got %v, want refused: %v", err, c.refused)
			}
			if err != nil && sync.Classify(err) != sync.Blocked {
				t.Errorf("%v is of class %d, want it blocked", err, sync.Classify(err))
			}
		})
	}
	for _, c := range []elastic.TLS{{CAFile: empty}, {CAFile: filepath.Join(dir, "none")}, {CertFile: empty, KeyFile: empty}} {
		if _, err := c.Config(); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

func TestClientCertificateIsReloaded(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	block := elastic.TLS{CAFile: filepath.Join(dir, "ca"), CertFile: filepath.Join(dir, "cert"), KeyFile: filepath.Join(dir, "key")}
	writePEM(t, block.CAFile, "CERTIFICATE", a.cert.Raw)
	a.client(7, block.CertFile, block.KeyFile)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := tlsServer(t, a.server("localhost"), pool)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client, err := elastic.NewClient(elastic.Config{URLs: []string{"https://localhost:" + port}, TLS: block})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask := func() string {
		t.Helper()
		client.Close() // so that the next request shakes hands anew
		info, err := client.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.Name
	}
	if got := ask(); got != "7" {
		t.Errorf("certificate %q, want 7", got)
	}
	a.client(8, block.CertFile, block.KeyFile)
	later := time.Now().Add(time.Minute)
	for _, f := range []string{block.CertFile, block.KeyFile} {
		if err := os.Chtimes(f, later, later); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(); got != "8" {
		t.Errorf("certificate %q, want the new one, 8", got)
	}
	if err := os.WriteFile(block.KeyFile, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "8" {
		t.Errorf("certificate %q, want 8 while the files do not fit", got)
	}
}
