"""Who may call what: one line for each method of each address.

Columns: method, address, somebody who may, staff who may not (403, or the status after the colon; - where all
staff may), and what casey hears, whose ticket it is (ok, 403 or 404). For drew, who has no part in any of it,
an address with a name in it is 404 wherever casey does not hear that first. Nobody signed in: the sign-in page,
or 401 from the API.
"""

TABLE = """
GET   tickets/                                     kim   -        404
GET   tickets/new/                                 kim   -        404
GET   tickets/new/consequences/                    kim   -        404
GET   tickets/<ref>/                               kim   -        404
GET   tickets/<ref>/preview/                       kim   -        404
GET   tickets/<ref>/talk/                          kim   -        404
GET   tickets/<ref>/moves/                         ana   kim      404
GET   tickets/complete/                            kim   -        404
GET   tickets/counts/                              kim   -        404
GET   tickets/views/new/                           kim   -        404
GET   tickets/views/<slug>/                        ana   kim:404  404
GET   tickets/views/<slug>/edit/                   ana   kim:404  404
POST  tickets/views/new/                           kim   -        404
POST  tickets/views/<slug>/edit/                   ana   kim:404  404
POST  tickets/views/<slug>/delete/                 ana   kim:404  404
POST  tickets/<ref>/severity/                      ana   kim      404
GET   my/                                          kim   -        404
POST  tickets/new/                                 kim   -        404
POST  tickets/bulk/                                ana   kim      404
POST  tickets/bulk/ask/                            ana   kim      404
GET   tickets/bulk/<pk>/                           ana   kim      404
POST  tickets/bulk/<pk>/undo/                      ana   kim      404
GET   tickets/recurring/                           ana   kim      404
GET   tickets/recurring/new/                       ana   kim      404
POST  tickets/recurring/new/                       ana   kim      404
GET   tickets/recurring/preview/                   ana   kim      404
GET   tickets/recurring/<pk>/                      ana   kim      404
POST  tickets/recurring/<pk>/                      ana   kim      404
POST  tickets/recurring/<pk>/switch/               ana   kim      404
POST  tickets/<ref>/reply/                         ana   kim      404
POST  tickets/<ref>/take/                          ana   kim      404
POST  tickets/<ref>/assign/                        ana   kim      404
POST  tickets/<ref>/escalate/                      ana   kim      404
POST  tickets/<ref>/hand_back/                     ana   kim      404
POST  tickets/<ref>/wait/                          ana   kim      404
POST  tickets/<ref>/hold/                          ana   kim      404
POST  tickets/<ref>/resume/                        ana   kim      404
POST  tickets/<ref>/resolve/                       ana   kim      404
POST  tickets/<ref>/close/                         ana   kim      404
POST  tickets/<ref>/reopen/                        ana   kim      404
POST  tickets/<ref>/priority/                      ana   kim      404
POST  tickets/<ref>/time/                          ana   kim      404
GET   tickets/export.csv                           kim   -        404
GET   tickets/views/<slug>/export.csv              ana   kim:404  404
GET   tickets/<ref>/print/                         kim   -        404
GET   tickets/<ref>/time/                          ana   kim      404
POST  tickets/<ref>/environment/                   ana   kim      404
POST  tickets/<ref>/timer_start/                   ana   kim      404
POST  tickets/<ref>/timer_stop/                    ana   kim      404
POST  tickets/<ref>/timer_discard/                 ana   kim      404
POST  tickets/<ref>/time_delete/                   ana   kim      404
POST  tickets/<ref>/link/                          ana   kim      404
POST  tickets/<ref>/unlink/                        ana   kim      404
POST  tickets/<ref>/merge/                         ana   kim      404
POST  tickets/<ref>/undo_merge/                    ana   kim      404
POST  tickets/<ref>/split/                         ana   kim      404
POST  tickets/<ref>/parent/                        ana   kim      404
POST  tickets/<ref>/name/                          ana   kim      404
POST  tickets/<ref>/unname/                        ana   kim      404
POST  tickets/<ref>/edit/                          ana   kim      404
POST  tickets/<ref>/tags/                          ana   kim      404
POST  tickets/<ref>/watch/                         ana   kim      404
POST  tickets/<ref>/unwatch/                       ana   kim      404
POST  tickets/<ref>/draft/                         ana   kim      404
POST  tickets/<ref>/here/                          kim   -        404
POST  tickets/<ref>/markdown/                      ana   kim      404
POST  tickets/<ref>/macro/                         ana   kim      404
POST  tickets/<ref>/held/<pk>/undo/                max   kim      404
POST  tickets/<ref>/held/<pk>/send/                max   kim      404
GET   tickets/macros/                              max   ana      404
GET   tickets/macros/new/                          max   ana      404
GET   tickets/macros/<pk>/                         max   ana      404
POST  tickets/macros/new/                          max   ana      404
POST  tickets/macros/<pk>/                         max   ana      404

GET   tickets/rules/                               max   ana      404
GET   tickets/rules/new/                           max   ana      404
GET   tickets/rules/<pk>/                          max   ana      404
GET   tickets/rules/<pk>/dry_run/                  max   ana      404
GET   tickets/rules/<pk>/log/                      max   ana      404
GET   tickets/<ref>/rules/                         ana   kim      404
POST  tickets/rules/new/                           max   ana      404
POST  tickets/rules/<pk>/                          max   ana      404
POST  tickets/rules/<pk>/switch/                   max   ana      404
POST  tickets/rules/<pk>/move/                     max   ana      404

GET   incidents/                                   kim   -        404
GET   incidents/<ref>/                             kim   -        404
GET   incidents/<ref>/live/                        kim   -        404
GET   incidents/declare/                           ana   kim      404
POST  incidents/declare/                           ana   kim      404
POST  incidents/<ref>/acknowledge/                 ana   kim      404
POST  incidents/<ref>/update/                      ana   kim      404
POST  incidents/<ref>/no_change/                   ana   kim      404
POST  incidents/<ref>/status/                      ana   kim      404
POST  incidents/<ref>/reopen/                      ana   kim      404
POST  incidents/<ref>/assign_roles/                ana   kim      404
POST  incidents/<ref>/take_role/                   ana   kim      404
POST  incidents/<ref>/add_entry/                   ana   kim      404
POST  incidents/<ref>/set_cadence/                 ana   kim      404
POST  incidents/<ref>/subscribe/                   ana   kim      404
POST  incidents/<ref>/link/                        ana   kim      404
POST  incidents/<ref>/edit/                        ana   kim      404
POST  incidents/<ref>/restore/                     ira   ana      404
POST  incidents/<ref>/close/                       ira   ana      404

GET   problems/                                    ana   kim      404
GET   problems/all/                                ana   kim      404
GET   problems/new/                                ana   kim      404
GET   problems/from/<ref>/                         ana   kim      404
GET   problems/actions/                            ana   kim      404
GET   problems/known-errors/                       ana   kim      404
GET   problems/agenda/                             ana   kim      404
GET   problems/<ref>/                              ana   kim      404
POST  problems/new/                                ana   kim      404
POST  problems/from/<ref>/                         ana   kim      404
POST  problems/actions/<pk>/accept/                eli   kim      404
POST  problems/actions/<pk>/start/                 eli   kim      404
POST  problems/actions/<pk>/done/                  eli   kim      404
POST  problems/actions/<pk>/drop/                  eli   kim      404
POST  problems/<ref>/edit/                         ana   kim      404
POST  problems/<ref>/investigate/                  ana   kim      404
POST  problems/<ref>/root_cause/                   ana   kim      404
POST  problems/<ref>/propose_known_error/          ana   kim      404
POST  problems/<ref>/plan_fix/                     ana   kim      404
POST  problems/<ref>/resolve/                      ana   kim      404
POST  problems/<ref>/close/                        ana   kim      404
POST  problems/<ref>/reopen/                       ana   kim      404
POST  problems/<ref>/add_action/                   ana   kim      404
POST  problems/<ref>/publish_known_error/          max   ana      404

GET   changes/                                     ana   kim      404
GET   changes/all/                                 ana   kim      404
GET   changes/calendar.ics                         ana   kim      404
GET   changes/<ref>/                               ana   kim      404
GET   changes/new/                                 ana   kim      404
GET   changes/<ref>/edit/                          ana   kim      404
POST  changes/new/                                 ana   kim      404
POST  changes/<ref>/edit/                          ana   kim      404
POST  changes/<ref>/submit/                        ana   kim      404
POST  changes/<ref>/revise/                        ana   kim      404
POST  changes/<ref>/withdraw/                      ana   kim      404
POST  changes/<ref>/schedule/                      ana   kim      404
POST  changes/<ref>/start/                         ana   kim      404
POST  changes/<ref>/finish/                        ana   kim      404
POST  changes/<ref>/validate/                      ana   kim      404
POST  changes/<ref>/back_out/                      ana   kim      404
POST  changes/<ref>/close/                         ana   kim      404
POST  changes/<ref>/approve/                       cho   ana      404
POST  changes/<ref>/reject/                        cho   ana      404

GET   portal/                                      casey -        ok
GET   portal/new/                                  casey -        ok
POST  portal/new/                                  casey -        ok
GET   portal/<ref>/                                casey -        ok
POST  portal/<ref>/reply/                          casey -        ok

GET   on-call/                                     kim   -        404
GET   on-call/<slug>/                              kim   -        404

GET   dashboard/                                   kim   -        404

GET   search/                                      kim   -        404
GET   search/palette/                              kim   -        404
GET   api/v1/search/                               kim   -        ok

POST  on-call/<slug>/reviewed/                     eli   kim      404
POST  on-call/<slug>/override/                     eli   kim      404

GET   files/<pk>/                                  kim   -        ok

GET   api/v1/schema/                               kim   -        ok

GET   api/v1/docs/                                 kim   -        ok

GET   api/v1/me/                                   kim   -        ok

GET   api/v1/on-call/                              kim   -        404

GET   api/v1/applications/                         kim   -        404
GET   api/v1/applications/<ref>/                   kim   -        404
POST  api/v1/applications/                         root  ana      404
PATCH api/v1/applications/<ref>/                   root  ana      404

GET   api/v1/components/                           kim   -        404
GET   api/v1/components/<ref>/                     kim   -        404
POST  api/v1/components/                           root  ana      404
PATCH api/v1/components/<ref>/                     root  ana      404

GET   api/v1/regions/                              kim   -        404
GET   api/v1/regions/<ref>/                        kim   -        404
POST  api/v1/regions/                              root  ana      404
PATCH api/v1/regions/<ref>/                        root  ana      404

GET   api/v1/services/                             kim   -        404
GET   api/v1/services/<ref>/                       kim   -        404
POST  api/v1/services/                             root  ana      404
PATCH api/v1/services/<ref>/                       root  ana      404

GET   api/v1/questions/                            kim   -        404
GET   api/v1/questions/<ref>/                      kim   -        404
POST  api/v1/questions/                            root  ana      404
PATCH api/v1/questions/<ref>/                      root  ana      404

GET   api/v1/environment-answers/                  kim   -        404
GET   api/v1/environment-answers/<ref>/            kim   -        404
POST  api/v1/environment-answers/                  kim   -        404

GET   api/v1/organisations/                        ana   -        404
GET   api/v1/organisations/<ref>/                  ana   -        404
POST  api/v1/organisations/                        kim   ana      404
PATCH api/v1/organisations/<ref>/                  kim   ana      404

GET   api/v1/contacts/                             ana   -        404
GET   api/v1/contacts/<ref>/                       ana   -        404
POST  api/v1/contacts/                             kim   ana      404
PATCH api/v1/contacts/<ref>/                       kim   ana      404

GET   api/v1/busy-windows/                         ana   -        404
GET   api/v1/busy-windows/<ref>/                   ana   -        404
POST  api/v1/busy-windows/                         kim   ana      404
PATCH api/v1/busy-windows/<ref>/                   kim   ana      404

GET   api/v1/teams/                                kim   -        404
GET   api/v1/teams/<ref>/                          kim   -        404
POST  api/v1/teams/                                max   ana      404
PATCH api/v1/teams/<ref>/                          max   ana      404

GET   api/v1/rotations/                            kim   -        404
GET   api/v1/rotations/<ref>/                      kim   -        404
POST  api/v1/rotations/                            max   ana      404
PATCH api/v1/rotations/<ref>/                      max   ana      404

POST  api/v1/teams/<ref>/review/                   eli   kim      404

GET   api/v1/people/                               kim   -        404
GET   api/v1/people/<ref>/                         kim   -        404

GET   api/v1/overrides/                            kim   -        404
GET   api/v1/overrides/<ref>/                      kim   -        404
POST  api/v1/overrides/                            eli   kim      404
POST  api/v1/overrides/<ref>/cancel/               eli   kim      404

GET   api/v1/time-entries/                         ana   kim      404

GET   api/v1/audit/                                max   ana      404

GET   api/v1/automation-rules/                     max   ana      404
GET   api/v1/automation-rules/<ref>/               max   ana      404
GET   api/v1/automation-rules/<ref>/dry_run/       max   ana      404
GET   api/v1/automation-rules/<ref>/runs/          max   ana      404
POST  api/v1/automation-rules/                     max   ana      404
PATCH api/v1/automation-rules/<ref>/               max   ana      404
POST  api/v1/automation-rules/<ref>/move/          max   ana      404
GET   api/v1/tickets/<ref>/rules/                  ana   kim:404  404

GET   api/v1/tickets/                              kim   -        ok
GET   api/v1/tickets/<ref>/                        kim   -        ok
GET   api/v1/tickets/<ref>/entries/                kim   -        ok
GET   api/v1/tickets/<ref>/clocks/                 kim   -        ok
POST  api/v1/tickets/                              kim   -        ok
POST  api/v1/tickets/<ref>/reply/                  ana   kim      ok
POST  api/v1/tickets/<ref>/reopen/                 ana   kim      ok
GET   api/v1/tickets/<ref>/history/                ana   kim:404  404
PATCH api/v1/tickets/<ref>/                        ana   kim      403
POST  api/v1/tickets/<ref>/assign/                 ana   kim      403
POST  api/v1/tickets/<ref>/take/                   ana   kim      403
POST  api/v1/tickets/<ref>/escalate/               ana   kim      403
POST  api/v1/tickets/<ref>/hand_back/              ana   kim      403
POST  api/v1/tickets/<ref>/wait/                   ana   kim      403
POST  api/v1/tickets/<ref>/hold/                   ana   kim      403
POST  api/v1/tickets/<ref>/resume/                 ana   kim      403
POST  api/v1/tickets/<ref>/resolve/                ana   kim      403
POST  api/v1/tickets/<ref>/close/                  ana   kim      403
POST  api/v1/tickets/<ref>/log_time/               ana   kim      403
POST  api/v1/tickets/<ref>/delete_time/            ana   kim      403
POST  api/v1/tickets/<ref>/set_priority/           ana   kim      403
POST  api/v1/tickets/<ref>/link/                   ana   kim      403
POST  api/v1/tickets/<ref>/unlink/                 ana   kim      403
POST  api/v1/tickets/<ref>/merge/                  ana   kim      403
POST  api/v1/tickets/<ref>/undo_merge/             ana   kim      403
POST  api/v1/tickets/<ref>/split/                  ana   kim      403
POST  api/v1/tickets/<ref>/set_parent/             ana   kim      403
POST  api/v1/tickets/<ref>/resolve_with_children/  ana   kim      403
GET   api/v1/tickets/bulk/                         ana   kim      404
GET   api/v1/tickets/bulk/<ref>/                   ana   kim      404
POST  api/v1/tickets/bulk/                         ana   kim      404
POST  api/v1/tickets/bulk/<ref>/undo/              ana   kim      404
POST  api/v1/tickets/<ref>/declare_incident/      ana   kim      403
POST  api/v1/tickets/<ref>/raise_problem/          ana   kim      404

GET   api/v1/incidents/                            kim   -        404
GET   api/v1/incidents/<ref>/                      kim   -        404
GET   api/v1/incidents/<ref>/updates/              kim   -        404
GET   api/v1/incidents/<ref>/timeline/             kim   -        404
GET   api/v1/incidents/<ref>/history/              kim   -        404
GET   api/v1/incidents/<ref>/recent_changes/       kim   -        404
POST  api/v1/incidents/                            ana   kim      404
PATCH api/v1/incidents/<ref>/                      ana   kim      404
POST  api/v1/incidents/<ref>/acknowledge/          ana   kim      404
POST  api/v1/incidents/<ref>/update/               ana   kim      404
POST  api/v1/incidents/<ref>/status/               ana   kim      404
POST  api/v1/incidents/<ref>/reopen/               ana   kim      404
POST  api/v1/incidents/<ref>/assign_roles/         ana   kim      404
POST  api/v1/incidents/<ref>/add_entry/            ana   kim      404
POST  api/v1/incidents/<ref>/set_cadence/          ana   kim      404
POST  api/v1/incidents/<ref>/subscribe/            ana   kim      404
POST  api/v1/incidents/<ref>/raise_problem/        ana   kim      404
POST  api/v1/incidents/<ref>/restore/              ira   ana      404
POST  api/v1/incidents/<ref>/close/                ira   ana      404

GET   api/v1/problems/                             ana   kim      404
GET   api/v1/problems/agenda/                      ana   kim      404
GET   api/v1/problems/burndown/                    ana   kim      404
GET   api/v1/problems/<ref>/                       ana   kim      404
GET   api/v1/problems/<ref>/actions/               ana   kim      404
GET   api/v1/problems/<ref>/history/               ana   kim      404
POST  api/v1/problems/                             ana   kim      404
PATCH api/v1/problems/<ref>/                       ana   kim      404
POST  api/v1/problems/<ref>/investigate/           ana   kim      404
POST  api/v1/problems/<ref>/root_cause/            ana   kim      404
POST  api/v1/problems/<ref>/propose_known_error/   ana   kim      404
POST  api/v1/problems/<ref>/plan_fix/              ana   kim      404
POST  api/v1/problems/<ref>/resolve/               ana   kim      404
POST  api/v1/problems/<ref>/close/                 ana   kim      404
POST  api/v1/problems/<ref>/reopen/                ana   kim      404
POST  api/v1/problems/<ref>/add_action/            ana   kim      404
POST  api/v1/problems/<ref>/publish_known_error/   max   ana      404

GET   api/v1/actions/                              ana   kim      404
GET   api/v1/actions/<ref>/                        ana   kim      404
PATCH api/v1/actions/<ref>/                        ana   kim      404
POST  api/v1/actions/<ref>/accept/                 eli   kim      404
POST  api/v1/actions/<ref>/start/                  eli   kim      404
POST  api/v1/actions/<ref>/done/                   eli   kim      404
POST  api/v1/actions/<ref>/drop/                   eli   kim      404

GET   api/v1/changes/                              ana   kim      404
GET   api/v1/changes/collisions/                   ana   kim      404
GET   api/v1/changes/calendar.ics                  ana   kim      404
GET   api/v1/changes/<ref>/                        ana   kim      404
GET   api/v1/changes/<ref>/history/                ana   kim      404
GET   api/v1/changes/<ref>/may-start/              ana   kim      404
POST  api/v1/changes/                              ana   kim      404
PATCH api/v1/changes/<ref>/                        ana   kim      404
POST  api/v1/changes/<ref>/submit/                 ana   kim      404
POST  api/v1/changes/<ref>/revise/                 ana   kim      404
POST  api/v1/changes/<ref>/withdraw/               ana   kim      404
POST  api/v1/changes/<ref>/schedule/               ana   kim      404
POST  api/v1/changes/<ref>/start/                  ana   kim      404
POST  api/v1/changes/<ref>/finish/                 ana   kim      404
POST  api/v1/changes/<ref>/validate/               ana   kim      404
POST  api/v1/changes/<ref>/back_out/               ana   kim      404
POST  api/v1/changes/<ref>/close/                  ana   kim      404
POST  api/v1/changes/<ref>/approve/                cho   ana      404
POST  api/v1/changes/<ref>/reject/                 cho   ana      404
"""
