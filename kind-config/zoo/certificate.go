package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"time"
)

const (
	makerName   = "rebuild zoo" // the organisation in the authorities that we make
	lifetime    = 365 * 24 * time.Hour
	mostTrusted = 8
)

// authority is a certificate authority with its key.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// newAuthority makes an authority that only this program, or who shares its Secret, can sign with.
func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	certificate, err := sign(template, template, &key.PublicKey, key)
	return &authority{certificate, key}, err
}

// serving makes a certificate for a server of these names.
func (a *authority) serving(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(names[0])
	template.DNSNames = names
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	certificate, err := sign(template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}, nil
}

// pem is the certificate as caBundle and Secrets hold it.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// secretData is the authority as a Secret keeps it.
func (a *authority) secretData() (map[string][]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	return map[string][]byte{"ca.crt": a.pem(), "tls.crt": a.pem(), "tls.key": keyPEM}, nil
}

// authorityFrom reads what secretData wrote.
func authorityFrom(data map[string][]byte) (*authority, error) {
	pair, err := tls.X509KeyPair(data["tls.crt"], data["tls.key"])
	if err != nil {
		return nil, err
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("the Secret holds no authority")
	}
	return &authority{pair.Leaf, signer}, nil
}

// joined is a CA bundle that trusts one more authority. Replicas have an authority each and share the bundle, so those
// of other zoo programs stay while they are valid, the newest of them; what somebody else wrote is replaced.
func joined(bundle, own []byte, now time.Time) []byte {
	var kept [][]byte
	for _, other := range certificatesIn(bundle) {
		if slices.Contains(other.Subject.Organization, makerName) && now.Before(other.NotAfter) {
			kept = append(kept, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Raw}))
		}
	}
	if !slices.ContainsFunc(kept, func(text []byte) bool { return bytes.Equal(text, own) }) {
		kept = append(kept, own)
	}
	return slices.Concat(kept[max(0, len(kept)-mostTrusted):]...)
}

func certificatesIn(bundle []byte) []*x509.Certificate {
	var found []*x509.Certificate
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, certificate)
		}
	}
	return found
}

func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{makerName}},
		NotBefore:    time.Now().Add(-time.Hour), // clocks of nodes differ
		NotAfter:     time.Now().Add(lifetime),
	}
}

func sign(template, parent *x509.Certificate, public any, key crypto.Signer) (*x509.Certificate, error) {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}
