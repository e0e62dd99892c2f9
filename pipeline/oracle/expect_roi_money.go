package oracle

import (
	"math/big"
	"time"
)

// roiMoney is the value of an opportunity. Amounts are nil where there are none.
type roiMoney struct {
	amount, corporate, rate     *big.Rat
	currency, corporateCurrency string
	rateDate                    day
	source, why                 string
}

// moneyBook is what the export says about currencies.
type moneyBook struct {
	currencies []Row
	dated      []Row
	corporate  string
	places     int
	several    bool // opportunities name several currencies
	asOf       time.Time
}

func (e *expectation) moneyBook() moneyBook {
	b := moneyBook{currencies: e.files.crm["CurrencyType"], dated: e.files.crm["DatedConversionRate"], places: 2, asOf: e.asOf}
	named := ""
	for _, deal := range e.files.crm["Opportunity"] {
		if code := deal["currencyisocode"]; code != "" && !truth(deal["isdeleted"]) {
			b.several = b.several || named != "" && named != code
			named = code
		}
	}
	if len(b.currencies) == 0 {
		if !b.several {
			b.corporate = named
		}
		return b
	}
	smallest := func(fits func(Row) bool) string {
		code := ""
		for _, c := range b.currencies {
			if fits(c) && (code == "" || c["isocode"] < code) {
				code = c["isocode"]
			}
		}
		return code
	}
	b.corporate = smallest(func(c Row) bool { return truth(c["iscorporate"]) })
	if b.corporate == "" {
		b.corporate = smallest(func(c Row) bool { r := number(c["conversionrate"]); return r != nil && r.Cmp(big.NewRat(1, 1)) == 0 })
	}
	for _, c := range b.currencies {
		if places := number(c["decimalplaces"]); c["isocode"] == b.corporate && places != nil {
			b.places = int(places.Num().Int64())
		}
	}
	return b
}

func number(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

var tooLarge = number("1e18")

// convert values a deal in both currencies.
func (b moneyBook) convert(d *roiDeal, field string, zone *time.Location) roiMoney {
	m := roiMoney{amount: number(d.row[map[string]string{"Amount": "amount", "AgencyFee__c": "agencyfee__c"}[field]]),
		currency: d.row["currencyisocode"], corporateCurrency: b.corporate, rateDate: noDay}
	if m.currency == "" {
		m.currency = b.corporate
	}
	if m.amount == nil {
		m.why = "no_amount"
		return m
	}
	if new(big.Rat).Abs(m.amount).Cmp(tooLarge) >= 0 {
		m.amount, m.why = nil, "amount_too_large"
		return m
	}
	switch {
	case len(b.currencies) == 0 && b.several:
		m.why = "several_currencies_without_rates"
	case len(b.currencies) == 0:
		m.corporate, m.rate, m.source = m.amount, number("1"), "one_currency"
	case m.currency != "" && m.currency == b.corporate:
		m.corporate, m.rate, m.source = m.amount, number("1"), "corporate"
	default:
		b.divide(&m, d, zone)
	}
	return m
}

// divide converts by the rate of the day on which the deal closes, else by that of the currency.
func (b moneyBook) divide(m *roiMoney, d *roiDeal, zone *time.Location) {
	m.why = "unknown_currency"
	for _, c := range b.currencies {
		if c["isocode"] != m.currency {
			continue
		}
		m.why = "no_rate"
		if r := number(c["conversionrate"]); r != nil && r.Sign() > 0 {
			m.rate, m.source, m.why = r, "CurrencyType", ""
			m.rateDate = dayOf(b.asOf.In(zone))
			if written := moment(c["systemmodstamp"]); !written.IsZero() {
				m.rateDate = dayOf(written.In(zone))
			}
		}
		newest := noDay
		for _, r := range b.dated {
			start, end, rate := dateOf(r["startdate"]), dateOf(r["nextstartdate"]), number(r["conversionrate"])
			if r["isocode"] == m.currency && d.closeDate != noDay && start <= d.closeDate && (end == noDay || d.closeDate < end) &&
				rate != nil && rate.Sign() > 0 && start > newest {
				newest = start
				m.rate, m.source, m.why, m.rateDate = rate, "DatedConversionRate", "", start
			}
		}
	}
	if m.rate == nil {
		return
	}
	// Half a unit of the last place is rounded away from zero.
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(b.places)), nil))
	units := new(big.Rat).Quo(new(big.Rat).Abs(m.amount), new(big.Rat).Mul(m.rate, unit))
	units.Add(units, big.NewRat(1, 2))
	whole := new(big.Rat).SetInt(new(big.Int).Quo(units.Num(), units.Denom()))
	m.corporate = whole.Mul(whole, unit)
	if m.corporate.Cmp(tooLarge) >= 0 {
		m.corporate, m.rate, m.rateDate, m.source, m.why = nil, nil, noDay, "", "amount_too_large"
		return
	}
	if m.amount.Sign() < 0 {
		m.corporate.Neg(m.corporate)
	}
}
