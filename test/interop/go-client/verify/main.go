// Verify judges a chain as a workload of go-spiffe does: verify DOMAIN ROOTS.pem CHAIN.pem SECONDS.
// It prints the SPIFFE ID, or why there is none.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

func main() {
	id, err := verify(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println(id)
}

func verify(domain, roots, chain, seconds string) (spiffeid.ID, error) {
	trustDomain, err := spiffeid.TrustDomainFromString(domain)
	if err != nil {
		return spiffeid.ID{}, err
	}
	bundle, err := x509bundle.Load(trustDomain, roots)
	if err != nil {
		return spiffeid.ID{}, err
	}
	certificates, err := load(chain)
	if err != nil {
		return spiffeid.ID{}, err
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return spiffeid.ID{}, err
	}
	id, _, err := x509svid.Verify(certificates, bundle, x509svid.WithTime(time.Unix(at, 0)))
	return id, err
}

func load(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var certificates []*x509.Certificate
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return certificates, nil
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
}
