package publish_test
import ("testing";"time";"strings";"github.com/crmlink/crmlink/schemas";"github.com/crmlink/crmlink/sql";"github.com/crmlink/crmlink/sql/sqltest";"github.com/crmlink/crmlink/stages/publish";"github.com/crmlink/crmlink/stages/resolve")
func fill(t *testing.T, s *sql.Session, name string, cols map[string]string, from string) sql.Snapshot {
 tb,_:=schemas.Lookup(name); tb.Large=false; var c []string
 for _,col:=range tb.Columns { e,ok:=cols[col.Name]; if !ok { e="NULL"; if col.NotNull {e="0"; if col.Type==schemas.Text {e="''"}; if col.Type==schemas.Bool{e="false"}} }
  c=append(c,"CAST("+e+" AS "+schemas.SQLType(col.Type)+") AS "+schemas.Quote(col.Name)) }
 sn,err:=s.SaveQuery(t.Context(),"SELECT "+strings.Join(c,",")+" FROM "+from,tb,nil); if err!=nil{t.Fatal(name,err)}
 return sn }
func TestZZ(t *testing.T){
 s:=sqltest.Open(t)
 acc:=fill(t,s,"raw_account",map[string]string{"Id":"'001'||i","Name":"'n'||i","OwnerId":"'005'||(i%2000)","CreatedDate":"now()","LastModifiedDate":"now()"},"range(200000) r(i)")
 con:=fill(t,s,"raw_contact",map[string]string{"Id":"'003'||i","AccountId":"'001'||(i%200000)","LastName":"'n'||i","Email":"'n'||i"},"range(500000) r(i)")
 lead:=fill(t,s,"raw_lead",map[string]string{"Id":"'00Q'||i","LastName":"'n'||i","OwnerId":"'005'||(i%2000)","IsConverted":"i%10=0","ConvertedContactId":"CASE WHEN i%10=0 THEN '003'||i END"},"range(300000) r(i)")
 cp:=fill(t,s,"crm_person",map[string]string{"crm_id":"id","object":"object","surname":"'x'","live":"true","account_id":"acc"},"(select '003'||i id,'Contact' as object,'001'||(i%200000) as acc from range(500000) r(i) union all select '00Q'||i,'Lead',null from range(300000) r(i))")
 cc:=fill(t,s,"crm_company",map[string]string{"crm_id":"'001'||i","name_key":"'x'"},"range(200000) r(i)")
 dm:=fill(t,s,"dir_member",map[string]string{"entity_id":"'m'||i","company_ids":"['k'||(i%300000)]"},"range(1000000) r(i)")
 dc:=fill(t,s,"dir_company",map[string]string{"entity_id":"'k'||i","group_id":"'k'||i"},"range(300000) r(i)")
 candp:=fill(t,s,"candidate",map[string]string{"object":"object","crm_id":"id","rank":"k","entity_id":"'m'||(i*3+k)%1000000","weight":"9000-k*100","probability":"case when k=1 then 0.8 else 0.05 end"},"(select '003'||i id,'Contact' as object,i,k from range(500000) r(i),range(1,4) q(k) union all select '00Q'||i,'Lead',i,k from range(300000) r(i),range(1,4) q(k))")
 canda:=fill(t,s,"candidate",map[string]string{"object":"'Account'","crm_id":"'001'||i","rank":"k","entity_id":"'k'||(i+k)","weight":"9000-k*100","probability":"case when k=1 then 0.8 else 0.05 end"},"range(200000) r(i),range(1,4) q(k)")
 opp:=fill(t,s,"raw_opportunity",map[string]string{"Id":"'006'||i","AccountId":"'001'||i","OwnerId":"'005'||(i%2000)","StageName":"'A'","IsClosed":"i%2=0"},"range(200000) r(i)")
 ocr:=fill(t,s,"raw_opportunity_contact_role",map[string]string{"Id":"'00K'||i","OpportunityId":"'006'||(i%200000)","ContactId":"'003'||i"},"range(400000) r(i)")
 usr:=fill(t,s,"raw_user",map[string]string{"Id":"'005'||i","Email":"'u'||i","IsActive":"true"},"range(2000) r(i)")
 seat:=fill(t,s,"raw_seat",map[string]string{"seat_id":"'s'||i","email":"'U'||i"},"range(1500) r(i)")
 act:=fill(t,s,"raw_activity",map[string]string{"activity_id":"'a'||i","seat_id":"'s'||(i%1500)","kind":"['save','call','unsave','note'][1+i%4]","member_id":"'m'||(i%900000)","occurred_at":"now()"},"range(1000000) r(i)")
 dec:=fill(t,s,"raw_decision",map[string]string{"seq":"i","object":"'Contact'","crm_id":"'003'||i","verdict":"['is','none','is_not'][1+i%3]","entity_id":"'m'||i"},"range(5000) r(i)")
 red:=fill(t,s,"raw_redirect",map[string]string{"old_id":"'m'||i","new_id":"'m'||(i+1)"},"range(900000,900100) r(i)")
 t0:=time.Now(); lap:=func(n string){t.Log(n,time.Since(t0).Round(time.Millisecond));t0=time.Now()}
 comp,err:=resolve.Run(t.Context(),s,resolve.In{Kind:"company",Candidates:canda,CRM:cc,Account:acc,Directory:dc,ThresholdMicros:500000}); if err!=nil{t.Fatal(err)}; lap("company")
 peo,err:=resolve.Run(t.Context(),s,resolve.In{Kind:"person",Candidates:candp,CRM:cp,Contact:con,Lead:lead,Directory:dm,Decisions:dec,Redirects:red,ThresholdMicros:500000}); if err!=nil{t.Fatal(err)}; lap("person")
 _,err=resolve.KnownAccounts(t.Context(),s,resolve.KnownIn{Mapping:comp.Mapping,CRMPerson:cp,Companies:dc}); if err!=nil{t.Fatal(err)}; lap("known acc")
 _,err=resolve.KnownPeople(t.Context(),s,resolve.KnownIn{Mapping:peo.Mapping,CRMPerson:cp,Companies:dc,Members:dm}); if err!=nil{t.Fatal(err)}; lap("known people")
 both,err:=resolve.Both(t.Context(),s,resolve.BothIn{Companies:comp,People:peo}); if err!=nil{t.Fatal(err)}; lap("both")
 in:=publish.In{Settings: defaults, AsOf: asOf, Mapping:both.Mapping,Unmatched:both.Unmatched,Companies:dc,Members:dm,Raw:map[string]sql.Snapshot{"raw_account":acc,"raw_contact":con,"raw_lead":lead,"raw_opportunity":opp,"raw_opportunity_contact_role":ocr,"raw_user":usr,"raw_seat":seat,"raw_activity":act,"raw_redirect":red}}
 out,err:=publish.Run(t.Context(),s,in); if err!=nil{t.Fatal(err)}; lap("publish")
 for n,x:=range out.Tables{t.Log(n,x.Rows)}; t.Logf("%+v",out.Checks); t.Logf("%+v",peo.Notices)
 for _,f:=range sql.Files(){ if len(f)<8||f[:8]!="publish/" {continue}
  ff,_:=sql.Named(f); if ff.Out=="" {continue}
 v:=map[string]any{"as_of":asOf,"every_stage":true,"auto_sync":"all","keep":true,"open_only":false,"instance_url":"","green":int64(1),"yellow":int64(1),"run_id":"","org_kind":"","import":"","program":"","engine":"","model_id":"","model_origin":"","threshold":int64(1)}
  t0:=time.Now(); if _,err:=s.Save(t.Context(),f,v);err!=nil{t.Fatal(err)}; t.Log(f,time.Since(t0))}
}
