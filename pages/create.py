"""The first page: the form for a new painting. With `?job=` in the URL it shows that painting, with `?batch=` those of one form."""

import streamlit as st

from nst.ui.batch_page import show_batch
from nst.ui.create import show_form
from nst.ui.frame import open_page
from nst.ui.job import show_job

with open_page("create") as visit:
    if job_id := st.query_params.get("job"):
        show_job(visit, job_id)
    elif batch_id := st.query_params.get("batch"):
        show_batch(visit, batch_id)
    else:
        show_form(visit)
