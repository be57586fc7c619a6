-- new documents by ftid, from the beginning
SELECT TOP 51 ft.ftstamp AS id, ft.ousrdata AS day, ft.ftid AS key0, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_1_1, :coalesce_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 ORDER BY ft.ftid

-- new documents by ftid
SELECT TOP 51 ft.ftstamp AS id, ft.ousrdata AS day, ft.ftid AS key0, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_1_1, :coalesce_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND ft.ftid > :ftid_1 ORDER BY ft.ftid

-- new documents by time
SELECT TOP 51 ft.ftstamp AS id, ft.ousrdata AS day, ft.ousrdata AS key0, CASE WHEN (substring(ltrim(rtrim(replace(ft.ousrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) END AS key1, ft.ftstamp AS key2, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND td.tipodoc IN (:tipodoc_1_1, :tipodoc_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND (ft.ousrdata < :ousrdata_1 OR ft.ousrdata = :ousrdata_2 AND CASE WHEN (substring(ltrim(rtrim(replace(ft.ousrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) END <= :param_2) AND ft.ousrdata >= :ousrdata_3 AND (ft.ousrdata > :ousrdata_4 OR ft.ousrdata = :ousrdata_5 AND (CASE WHEN (substring(ltrim(rtrim(replace(ft.ousrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) END > :param_3 OR CASE WHEN (substring(ltrim(rtrim(replace(ft.ousrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) END = :param_4 AND ft.ftstamp > CAST(:ftstamp_1 AS CHAR(25)))) ORDER BY ft.ousrdata, CASE WHEN (substring(ltrim(rtrim(replace(ft.ousrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.ousrhora, '.', ':'))) END, ft.ftstamp

-- changed documents
SELECT TOP 51 ft.ftstamp AS id, ft.usrdata AS day, ft.usrdata AS key0, CASE WHEN (substring(ltrim(rtrim(replace(ft.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.usrhora, '.', ':'))) END AS key1, ft.ftstamp AS key2, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_1_1, :coalesce_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND (ft.usrdata < :usrdata_1 OR ft.usrdata = :usrdata_2 AND CASE WHEN (substring(ltrim(rtrim(replace(ft.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.usrhora, '.', ':'))) END <= :param_2) AND ft.usrdata >= :usrdata_3 AND (ft.usrdata > :usrdata_4 OR ft.usrdata = :usrdata_5 AND (CASE WHEN (substring(ltrim(rtrim(replace(ft.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.usrhora, '.', ':'))) END > :param_3 OR CASE WHEN (substring(ltrim(rtrim(replace(ft.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.usrhora, '.', ':'))) END = :param_4 AND ft.ftstamp > CAST(:ftstamp_1 AS CHAR(25)))) AND (ft.usrdata != ft.ousrdata OR ft.usrhora != ft.ousrhora) ORDER BY ft.usrdata, CASE WHEN (substring(ltrim(rtrim(replace(ft.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(ft.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(ft.usrhora, '.', ':'))) END, ft.ftstamp

-- cancelled documents
SELECT TOP 51 ft.ftstamp AS id, coalesce(ft3.anuldata, :coalesce_1) AS day, coalesce(ft3.anuldata, :coalesce_1) AS key0, CASE WHEN (substring(ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) ELSE ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) END AS key1, ft.ftstamp AS key2, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_3_1, :coalesce_3_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND (coalesce(ft3.anuldata, :coalesce_1) < :coalesce_4 OR coalesce(ft3.anuldata, :coalesce_1) = :coalesce_5 AND CASE WHEN (substring(ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) ELSE ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) END <= :param_2) AND coalesce(ft3.anuldata, :coalesce_1) >= :coalesce_6 AND (coalesce(ft3.anuldata, :coalesce_1) > :coalesce_7 OR coalesce(ft3.anuldata, :coalesce_1) = :coalesce_8 AND (CASE WHEN (substring(ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) ELSE ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) END > :param_3 OR CASE WHEN (substring(ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) ELSE ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) END = :param_4 AND ft.ftstamp > CAST(:ftstamp_1 AS CHAR(25)))) AND ft.anulado = 1 ORDER BY coalesce(ft3.anuldata, :coalesce_1), CASE WHEN (substring(ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) ELSE ltrim(rtrim(replace(coalesce(ft3.anulhora, :coalesce_2), '.', ':'))) END, ft.ftstamp

-- documents of each day
SELECT each_document.day, count(*) AS documents
FROM (SELECT ft.ousrdata AS day
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_1_1, :coalesce_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND ft.ousrdata >= :ousrdata_1) AS each_document GROUP BY each_document.day ORDER BY each_document.day

-- cancellations of each day
SELECT each_document.day, count(*) AS documents
FROM (SELECT coalesce(ft3.anuldata, :coalesce_1) AS day
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_2_1, :coalesce_2_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND (coalesce(ft3.anuldata, :coalesce_1) >= :coalesce_3 OR coalesce(ft3.anuldata, :coalesce_1) = :coalesce_4) AND ft.anulado = 1) AS each_document GROUP BY each_document.day ORDER BY each_document.day

-- documents of one day
SELECT TOP 51 ft.ftstamp AS id, ft.ousrdata AS day, ft.ftstamp AS key0, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_1_1, :coalesce_1_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND ft.ousrdata = :ousrdata_1 AND ft.ftstamp > CAST(:ftstamp_1 AS CHAR(25)) ORDER BY ft.ftstamp

-- cancellations of one day
SELECT TOP 51 ft.ftstamp AS id, coalesce(ft3.anuldata, :coalesce_1) AS day, ft.ftstamp AS key0, ft.usrdata, ft.usrhora, ft.etotal, ft.anulado, ft3.anuldata, (SELECT count(*) AS count_1
FROM fi
WHERE fi.ftstamp = ft.ftstamp) AS lines
FROM ft LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp
WHERE ft.fno > :fno_1 AND coalesce(td.tipodoc, ft.tipodoc) IN (:coalesce_2_1, :coalesce_2_2) AND (EXISTS (SELECT *
FROM fi
WHERE fi.ftstamp = ft.ftstamp)) AND ft.fdata >= :fdata_1 AND coalesce(ft3.anuldata, :coalesce_1) = :coalesce_3 AND ft.ftstamp > CAST(:ftstamp_1 AS CHAR(25)) AND ft.anulado = 1 ORDER BY ft.ftstamp

-- headers
SELECT ft.ndoc AS ft_ndoc, ft.fno AS ft_fno, ft.ftano AS ft_ftano, ft.ftstamp AS ft_ftstamp, ft.ftid AS ft_ftid, ft.nmdoc AS ft_nmdoc, ft.tipodoc AS ft_tipodoc, ft.fdata AS ft_fdata, ft.no AS ft_no, ft.estab AS ft_estab, ft.nome AS ft_nome, ft.ncont AS ft_ncont, ft.anulado AS ft_anulado, ft.etotal AS ft_etotal, ft.ettiliq AS ft_ettiliq, ft.ettiva AS ft_ettiva, ft.edescc AS ft_edescc, ft.efinv AS ft_efinv, ft.site AS ft_site, ft.pnome AS ft_pnome, ft.vendnm AS ft_vendnm, ft.eancl AS ft_eancl, ft.ousrdata AS ft_ousrdata, ft.ousrhora AS ft_ousrhora, ft.usrdata AS ft_usrdata, ft.usrhora AS ft_usrhora, ft2.ft2stamp AS ft2_ft2stamp, ft2.tiposaft AS ft2_tiposaft, ft2.assinatura AS ft2_assinatura, ft2.evdinheiro AS ft2_evdinheiro, ft2.epaga1 AS ft2_epaga1, ft2.epaga2 AS ft2_epaga2, ft2.epaga3 AS ft2_epaga3, ft2.epaga4 AS ft2_epaga4, ft2.epaga5 AS ft2_epaga5, ft2.epaga6 AS ft2_epaga6, ft2.etroco AS ft2_etroco, ft3.ft3stamp AS ft3_ft3stamp, ft3.atcud AS ft3_atcud, ft3.motanul AS ft3_motanul, ft3.anuldata AS ft3_anuldata, ft3.anulhora AS ft3_anulhora, ft3.invoicenoori AS ft3_invoicenoori, td.ndoc AS td_ndoc, td.nmdoc AS td_nmdoc, td.tipodoc AS td_tipodoc, td.tiposaft AS td_tiposaft, td.manternumero AS td_manternumero, td.docsimport AS td_docsimport, cl.clivd AS cl_clivd, serieat.idseriephc AS serieat_idseriephc
FROM ft LEFT OUTER JOIN ft2 ON ft2.ft2stamp = ft.ftstamp LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN cl ON cl.no = ft.no AND cl.estab = ft.estab LEFT OUTER JOIN serieat ON serieat.origem = :origem_1 AND serieat.ano = ft.ftano AND serieat.numero = ft.ndoc
WHERE ft.ftstamp IN (CAST(:ftstamp_1_1 AS CHAR(25)), CAST(:ftstamp_1_2 AS CHAR(25)))

-- headers of an old version
SELECT ft.ndoc AS ft_ndoc, ft.fno AS ft_fno, ft.ftano AS ft_ftano, ft.ftstamp AS ft_ftstamp, NULL AS ft_ftid, NULL AS ft_nmdoc, NULL AS ft_tipodoc, ft.fdata AS ft_fdata, ft.no AS ft_no, ft.estab AS ft_estab, ft.nome AS ft_nome, ft.ncont AS ft_ncont, ft.anulado AS ft_anulado, ft.etotal AS ft_etotal, ft.ettiliq AS ft_ettiliq, ft.ettiva AS ft_ettiva, NULL AS ft_edescc, NULL AS ft_efinv, NULL AS ft_site, NULL AS ft_pnome, NULL AS ft_vendnm, NULL AS ft_eancl, ft.ousrdata AS ft_ousrdata, ft.ousrhora AS ft_ousrhora, ft.usrdata AS ft_usrdata, ft.usrhora AS ft_usrhora, ft2.ft2stamp AS ft2_ft2stamp, ft2.tiposaft AS ft2_tiposaft, NULL AS ft2_assinatura, NULL AS ft2_evdinheiro, NULL AS ft2_epaga1, NULL AS ft2_epaga2, NULL AS ft2_epaga3, NULL AS ft2_epaga4, NULL AS ft2_epaga5, NULL AS ft2_epaga6, NULL AS ft2_etroco, ft3.ft3stamp AS ft3_ft3stamp, NULL AS ft3_atcud, NULL AS ft3_motanul, ft3.anuldata AS ft3_anuldata, ft3.anulhora AS ft3_anulhora, NULL AS ft3_invoicenoori, td.ndoc AS td_ndoc, NULL AS td_nmdoc, td.tipodoc AS td_tipodoc, NULL AS td_tiposaft, NULL AS td_manternumero, NULL AS td_docsimport, NULL AS cl_clivd, NULL AS serieat_idseriephc
FROM ft LEFT OUTER JOIN ft2 ON ft2.ft2stamp = ft.ftstamp LEFT OUTER JOIN ft3 ON ft3.ft3stamp = ft.ftstamp LEFT OUTER JOIN td ON td.ndoc = ft.ndoc LEFT OUTER JOIN cl ON cl.no = ft.no AND cl.estab = ft.estab
WHERE ft.ftstamp IN (CAST(:ftstamp_1_1 AS CHAR(25)), CAST(:ftstamp_1_2 AS CHAR(25)))

-- lines
SELECT fi.fistamp AS fi_fistamp, fi.ftstamp AS fi_ftstamp, fi.ref AS fi_ref, fi.oref AS fi_oref, fi.design AS fi_design, fi.lordem AS fi_lordem, fi.ofistamp AS fi_ofistamp, fi.ivaincl AS fi_ivaincl, fi.qtt AS fi_qtt, fi.epv AS fi_epv, fi.etiliquido AS fi_etiliquido, fi.iva AS fi_iva, CASE WHEN (fi.ref = :ref_1) THEN fi.oref ELSE fi.ref END AS article, st.familia AS st_familia, st.codigo AS st_codigo, st.stns AS st_stns, fi2.refretif AS fi2_refretif
FROM fi LEFT OUTER JOIN st ON st.ref = CASE WHEN (fi.ref = :ref_1) THEN fi.oref ELSE fi.ref END LEFT OUTER JOIN fi2 ON fi2.fi2stamp = fi.fistamp
WHERE fi.ftstamp IN (CAST(:ftstamp_1_1 AS CHAR(25)), CAST(:ftstamp_1_2 AS CHAR(25))) ORDER BY fi.ftstamp, fi.lordem, fi.fistamp

-- lines of an old version
SELECT fi.fistamp AS fi_fistamp, fi.ftstamp AS fi_ftstamp, fi.ref AS fi_ref, NULL AS fi_oref, fi.design AS fi_design, fi.lordem AS fi_lordem, fi.ofistamp AS fi_ofistamp, fi.ivaincl AS fi_ivaincl, fi.qtt AS fi_qtt, fi.epv AS fi_epv, fi.etiliquido AS fi_etiliquido, fi.iva AS fi_iva, fi.ref AS article, st.familia AS st_familia, NULL AS st_codigo, NULL AS st_stns, NULL AS fi2_refretif
FROM fi LEFT OUTER JOIN st ON st.ref = fi.ref
WHERE fi.ftstamp IN (CAST(:ftstamp_1_1 AS CHAR(25)), CAST(:ftstamp_1_2 AS CHAR(25))) ORDER BY fi.ftstamp, fi.lordem, fi.fistamp

-- origins of returned lines
SELECT fi.fistamp, fi.ftstamp
FROM fi
WHERE fi.fistamp IN (CAST(:fistamp_1_1 AS CHAR(25)), CAST(:fistamp_1_2 AS CHAR(25)))

-- customers
SELECT TOP 51 cl.clstamp AS id, cl.usrdata AS key0, CASE WHEN (substring(ltrim(rtrim(replace(cl.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(cl.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(cl.usrhora, '.', ':'))) END AS key1, cl.clstamp AS key2, cl.no AS cl_no, cl.estab AS cl_estab, cl.clstamp AS cl_clstamp, cl.nome AS cl_nome, cl.ncont AS cl_ncont, cl.telefone AS cl_telefone, cl.tlmvl AS cl_tlmvl, cl.email AS cl_email, cl.nascimento AS cl_nascimento, cl.inactivo AS cl_inactivo, cl.clivd AS cl_clivd, cl.usrdata AS cl_usrdata, cl.usrhora AS cl_usrhora
FROM cl
WHERE (cl.usrdata < :usrdata_1 OR cl.usrdata = :usrdata_2 AND CASE WHEN (substring(ltrim(rtrim(replace(cl.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(cl.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(cl.usrhora, '.', ':'))) END <= :param_2) AND cl.usrdata >= :usrdata_3 AND (cl.usrdata > :usrdata_4 OR cl.usrdata = :usrdata_5 AND (CASE WHEN (substring(ltrim(rtrim(replace(cl.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(cl.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(cl.usrhora, '.', ':'))) END > :param_3 OR CASE WHEN (substring(ltrim(rtrim(replace(cl.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(cl.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(cl.usrhora, '.', ':'))) END = :param_4 AND cl.clstamp > CAST(:clstamp_1 AS CHAR(25)))) AND (cl.clivd = 0 OR cl.clivd IS NULL) ORDER BY cl.usrdata, CASE WHEN (substring(ltrim(rtrim(replace(cl.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(cl.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(cl.usrhora, '.', ':'))) END, cl.clstamp

-- articles
SELECT TOP 51 st.ststamp AS id, st.usrdata AS key0, CASE WHEN (substring(ltrim(rtrim(replace(st.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(st.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(st.usrhora, '.', ':'))) END AS key1, st.ststamp AS key2, st.ststamp AS st_ststamp, st.ref AS st_ref, st.design AS st_design, st.familia AS st_familia, st.faminome AS st_faminome, st.codigo AS st_codigo, st.iva1incl AS st_iva1incl, st.stns AS st_stns, st.inactivo AS st_inactivo, st.epv1 AS st_epv1, st.usrdata AS st_usrdata, st.usrhora AS st_usrhora
FROM st
WHERE st.usrdata < :usrdata_1 OR st.usrdata = :usrdata_2 AND CASE WHEN (substring(ltrim(rtrim(replace(st.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(st.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(st.usrhora, '.', ':'))) END <= :param_2 ORDER BY st.usrdata, CASE WHEN (substring(ltrim(rtrim(replace(st.usrhora, '.', ':'))), 2, 1) = ':') THEN '0' + ltrim(rtrim(replace(st.usrhora, '.', ':'))) ELSE ltrim(rtrim(replace(st.usrhora, '.', ':'))) END, st.ststamp

-- company
SELECT TOP 1 e1.nomecomp AS e1_nomecomp, e1.ncont AS e1_ncont
FROM e1 ORDER BY e1.estab
